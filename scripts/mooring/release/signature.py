"""Signatures of release bundles, in the format of OpenSSH: made and verified by `ssh-keygen -Y`.

Whoever signs commits by SSH has such a key; it can stay in an agent or on a token, and anybody verifies without this
program. Source: `man ssh-keygen`, and PROTOCOL.sshsig of OpenSSH.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.spec.environment import Signer

NAMESPACE = "mooring-release"
"""What a signature is for: one of a commit or a mail with the same key is none of a release."""

SUFFIX = ".sig"
MOST = 64 * 1024
"""Bytes of a signature that are read."""


def signature_of(path: Path) -> bytes:
    """The signature beside a file. Refused(TAMPERED) when there is none."""
    beside = path.with_name(path.name + SUFFIX)
    try:
        with beside.open("rb") as file:
            return file.read(MOST)
    except OSError as error:
        fix = f"moor release sign {path} --key KEY"
        raise Refused(Reason.TAMPERED, f"{path} is not signed: {beside}: {error.strerror}", fix) from None


def verify(data: bytes, signature: bytes, signers: Iterable[Signer], now: datetime, name: str) -> Signer:
    """Who signed the data. Refused(TAMPERED) where it is nobody of the signers, or not in the time of their key.

    `name` is of the data, for messages; `now` is aware.
    """
    known = list(signers)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "signature").write_bytes(signature)
        for signer in known:
            (place / "allowed").write_text(f'signer namespaces="{NAMESPACE}" {signer.key}\n', encoding="ascii")
            if _right(place, data):
                return _in_time(signer, now, name)
        said = _unallowed(place, data)
    who = ", ".join(signer.name for signer in known)
    raise Refused(Reason.TAMPERED, f"{name} {said}; it takes a signature of {who}", "have one of them sign it")


def _right(place: Path, data: bytes) -> bool:
    arguments = ("-Y", "verify", "-f", str(place / "allowed"), "-I", "signer", "-n", NAMESPACE)
    return _run([*arguments, "-s", str(place / "signature")], data).returncode == 0


def _unallowed(place: Path, data: bytes) -> str:
    """Why nobody's signature fits: it is somebody else's, or none of this content."""
    arguments = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(place / "signature")]
    done = _run(arguments, data)
    if done.returncode:
        return "is not what was signed, or its signature is not one for releases"
    words = done.stdout.decode("utf-8", "replace").split()
    print_ = next((word for word in words if word.startswith("SHA256:")), "an unknown key")
    return f"was signed by {print_}, which may not sign releases"


def _in_time(signer: Signer, now: datetime, name: str) -> Signer:
    """Raises Refused(TAMPERED) before the key's time and after it."""
    if signer.valid_after and now < aware(signer.valid_after):
        why = f"is valid from {aware(signer.valid_after).isoformat()} on"
    elif signer.valid_before and now >= aware(signer.valid_before):
        why = f"expired at {aware(signer.valid_before).isoformat()}"
    else:
        return signer
    fix = "sign it with a key that is valid"
    raise Refused(Reason.TAMPERED, f"{name} was signed by {signer.name}, whose key {why}", fix)


def aware(moment: datetime) -> datetime:
    """A time without a zone is in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sign(data: bytes, key: str, environ: Mapping[str, str]) -> bytes:
    """The signature by a key: `env:NAME` of a variable that holds it, or a file, of the public one where an agent has
    the private one. Raises Failed(PROCESS), UsageError."""
    if not key.startswith("env:"):
        return _signed(data, Path(key))
    content = environ.get(key.removeprefix("env:"), "")
    if not content.strip():
        raise UsageError(f"{key.removeprefix('env:')} is not set", "it is the private key, as ssh-keygen wrote it")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(content.strip() + "\n")
        return _signed(data, path)


def _signed(data: bytes, key: Path) -> bytes:
    if not key.is_file():
        raise UsageError(f"there is no key {key}", "ssh-keygen -t ed25519 -f KEY makes one")
    done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], data)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failed(Reason.PROCESS, f"ssh-keygen did not sign: {lines[-1] if lines else 'no reason given'}")
    return done.stdout


def _run(arguments: list[str], data: bytes) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(["ssh-keygen", *arguments], input=data, capture_output=True, check=False)
    except FileNotFoundError:
        fix = "install OpenSSH 8.2 or newer, such as the package openssh-client"
        raise Failed(Reason.PROCESS, "ssh-keygen is not installed, and signatures are verified by it", fix) from None
