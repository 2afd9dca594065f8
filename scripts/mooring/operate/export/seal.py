"""Compresses and encrypts what goes to the destination, and the way back."""

import hashlib
from collections.abc import Mapping

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.spec.export import Encryption

LEVEL = 3
"""Of zstd."""

LARGEST = 64 * 2**20
"""Bytes that one object may become when it is unpacked."""


class Seal:
    """For whom objects are encrypted; nobody where there is no encryption. Any thread may use it."""

    def __init__(self, encryption: Encryption | None, environ: Mapping[str, str]) -> None:
        """Raises Failed(DESTINATION) for a recipient whose variable is not set."""
        self.recipients = [resolved(one, environ) for one in (encryption.recipients if encryption else ())]

    def close(self, data: bytes) -> bytes:
        """What is stored. Raises Failed(DESTINATION) for a recipient that is none."""
        import pyrage
        import zstandard

        packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data)
        if not self.recipients:
            return packed
        try:
            return bytes(pyrage.encrypt(packed, [pyrage.x25519.Recipient.from_str(key) for key in self.recipients]))
        except pyrage.RecipientError as error:
            raise Failed(Reason.DESTINATION, f"a recipient is no key of age: {error}") from None


class Opener:
    """Opens what was stored. `identity` is the private key of a recipient, None where nothing is encrypted."""

    def __init__(self, identity: str | None) -> None:
        self._identity = identity

    @classmethod
    def of(cls, reference: str | None, environ: Mapping[str, str]) -> "Opener":
        """By a reference such as `env:NAME`. Raises Failed(DESTINATION) when that is not set."""
        return cls(None if reference is None else resolved(reference, environ))

    def open(self, name: str, data: bytes, sha256: str) -> bytes:
        """What `Seal.close` was given. Raises Refused(TAMPERED) for other bytes, Refused(GUARDED) for another key."""
        if (found := digest(data)) != sha256:
            raise Refused(Reason.TAMPERED, f"{name} is corrupt: its sha256 is {found[:12]}…, and was {sha256[:12]}…")
        import zstandard

        try:
            return bytes(zstandard.ZstdDecompressor().decompress(self._decrypted(name, data), LARGEST))
        except zstandard.ZstdError as error:
            raise Refused(Reason.TAMPERED, f"{name} is corrupt: {error}") from None

    def _decrypted(self, name: str, data: bytes) -> bytes:
        if not data.startswith(b"age-encryption.org/"):
            return data
        if self._identity is None:
            fix = "name the variable with the private key: --identity env:NAME, or encryption.identity in the document"
            raise Refused(Reason.GUARDED, f"{name} is encrypted, and there is no key to read it", fix)
        import pyrage

        try:
            return bytes(pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(self._identity.strip())]))
        except pyrage.IdentityError:
            raise Refused(Reason.GUARDED, "the identity is no private key of age", "AGE-SECRET-KEY-1…") from None
        except pyrage.DecryptError as error:
            fix = "use the identity of one of its recipients"
            raise Refused(Reason.GUARDED, f"{name} cannot be read with this key: {error}", fix) from None


def resolved(reference: str, environ: Mapping[str, str]) -> str:
    """What `env:NAME` stands for, and anything else as it is. Raises Failed(DESTINATION) when it is not set."""
    name = reference.removeprefix("env:")
    if name == reference:
        return reference
    if not environ.get(name):
        raise Failed(Reason.DESTINATION, f"environment variable {name} is not set", f"export {name}=…")
    return environ[name].strip()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
