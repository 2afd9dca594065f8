"""The HTTP clients of a patrol: none follows a redirect, keeps a connection or tries again."""

import ssl
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2


class Clients:
    """One for plain addresses, and one for TLS once it is needed: to read all that this machine trusts takes 50 ms.

    `trust_env` has them use the proxies that the environment's variables name, and never for the `simulator`.
    """

    def __init__(self, *, trust_env: bool, simulator: str | None = None) -> None:
        self._trust_env = trust_env
        self._direct = {f"all://{urlsplit(simulator).netloc}": None} if simulator else None
        # The first one trusts nobody, should it ever speak TLS.
        self._plain = self._made(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._tls: httpx2.AsyncClient | None = None

    def of(self, url: str) -> httpx2.AsyncClient:
        """The client for an address."""
        if not url.startswith("https:"):
            return self._plain
        if self._tls is None:
            self._tls = self._made(ssl.create_default_context())
        return self._tls

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in (self._plain, self._tls):
            if client is not None:
                await client.aclose()

    def _made(self, context: ssl.SSLContext) -> httpx2.AsyncClient:
        """Each look has a time of its own, which ends whatever it waits for."""
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        return httpx2.AsyncClient(
            timeout=None, limits=limits, trust_env=self._trust_env, mounts=self._direct, verify=context
        )
