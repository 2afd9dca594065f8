"""TLS of the public socket: a certificate and its key from files, read again when they change."""

import ssl
import time
from pathlib import Path

from mooring.runtime.core.logs import LOGGER
from mooring.spec.environment import Tls

LOOK_SECONDS = 1.0
"""Between two looks whether the files have changed."""


class Certificate:
    """Raises OSError or ValueError when the files cannot be used; files that break later leave the old ones in use."""

    def __init__(self, tls: Tls) -> None:
        self._files = Path(tls.certificate.removeprefix("file:")), Path(tls.key.removeprefix("file:"))
        self._stamps = self._found()
        self._context = self._read()
        self._looked = time.monotonic()

    def context(self) -> ssl.SSLContext:
        """For the next connection."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            try:
                if (stamps := self._found()) != self._stamps:
                    self._stamps, self._context = stamps, self._read()
                    LOGGER.info("certificate read again")
            except (OSError, ValueError):
                LOGGER.exception("the new certificate cannot be used; the old one goes on")
        return self._context

    def _found(self) -> tuple[tuple[int, int], ...]:
        return tuple((found.st_mtime_ns, found.st_ino) for found in (path.stat() for path in self._files))

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        certificate, key = self._files
        # A key with a password would be asked for on the terminal, which nobody watches.
        context.load_cert_chain(certificate, key, password=_refused)
        return context


def _refused() -> str:
    raise ValueError("the private key has a password")
