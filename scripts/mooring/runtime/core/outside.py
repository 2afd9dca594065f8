"""The HTTP client with which a slot calls models and the services of tools."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx2

from mooring.runtime.core import idle


def outside(
    proxies: bool, simulator_url: str | None = None, transport: httpx2.AsyncBaseTransport | None = None
) -> httpx2.AsyncClient:
    """A client that keeps no cookies and has no limit on connections; with `proxies` it uses those of the machine.

    A proxy leads to providers, and never back to the simulator on this machine.
    """
    # What a service gives one run to keep, no other run sends back.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    client = httpx2.AsyncClient(
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        timeout=30,
        trust_env=proxies,
        mounts={f"all://{urlsplit(simulator_url).netloc}": None} if simulator_url else None,
        cookies=no_cookies,
        transport=transport,
    )
    idle.watch(client)
    return client
