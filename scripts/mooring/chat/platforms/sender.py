"""Sends JSON to a platform: with time limits and patience, following no redirect, and without showing a secret."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mooring.chat.platforms.platform import Unsent

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 8.0
"""Seconds for one try."""

PATIENCE = 20.0
"""Seconds for all tries of a message together; whoever waits longer looks elsewhere."""

PAUSES = (0.3, 1.0, 3.0)
"""Seconds before each further try, where the platform does not say how long to wait."""

_PASSING = frozenset({500, 502, 503, 504})

Sleep = Callable[[float], Awaitable[object]]
Clock = Callable[[], float]

now: Clock = time.time
"""Unix time."""


class _NotNow(Exception):
    """A try that failed; `undone` where nothing can have been done, `after` as many seconds as the platform says."""

    def __init__(self, why: str, *, undone: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.undone, self.after = undone, after


class Sender:
    """The connections to one platform, kept between messages. `who` is its name in errors."""

    def __init__(self, who: str, *, sleep: Sleep = asyncio.sleep, clock: Clock = time.monotonic) -> None:
        self.who = who
        self._sleep, self._clock = sleep, clock
        self._client: httpx2.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = False,
    ) -> tuple[int, Any]:
        """Status and JSON of the answer, None where it is no JSON; statuses of errors too, other than passing ones.

        Tries again while the platform limits or cannot be reached; after an error that may have come too late only
        where the request is `repeatable`. Raises Unsent.
        """
        end, said = self._clock() + PATIENCE, _NotNow("", undone=True)
        for pause in (*PAUSES, None):
            try:
                return await self._try(method, url, body, headers or {})
            except _NotNow as error:
                said = error
            wait = pause if said.after is None else said.after
            if pause is None or wait is None or not (said.undone or repeatable):
                break
            if self._clock() + wait > end:
                raise Unsent(f"{self.who} {said}, and asks to wait for {wait:.0f} s")
            await self._sleep(wait)
        raise Unsent(f"{self.who} {said}")

    async def _try(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """One try. Raises _NotNow, and Unsent where another would be of no use."""
        import httpx2

        host = urlsplit(url).hostname  # the rest of an address may be a secret
        try:
            response = await self._connected().request(method, url, json=body, headers=dict(headers))
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise _NotNow(f"cannot be reached at {host}", undone=True) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _NotNow(f"gave no answer at {host} ({type(error).__name__})", undone=False) from None
        found = _json(response)
        if response.status_code == 429:
            raise _NotNow("limits how often it is asked", undone=True, after=_delay(response, found))
        if response.status_code in _PASSING:
            raise _NotNow(f"answered HTTP {response.status_code}", undone=False)
        if response.is_redirect:
            raise Unsent(f"{self.who} redirects to another address, which is not followed with a token")
        return response.status_code, found

    def _connected(self) -> "httpx2.AsyncClient":
        """A client of this event loop: connections of a loop that has ended are of no use."""
        import httpx2

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = httpx2.AsyncClient(timeout=TIMEOUT, follow_redirects=False), loop
        return self._client

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()


def _json(response: "httpx2.Response") -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _delay(response: "httpx2.Response", found: Any) -> float | None:
    """Seconds to wait: Discord says them in the body more exactly, Feishu in a header of its own."""
    said: Any = found.get("retry_after") if isinstance(found, dict) else None
    for name in ("retry-after", "x-ogw-ratelimit-reset"):
        said = response.headers.get(name) if said is None else said
    try:
        seconds = float(said)
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < 1e6 else None
