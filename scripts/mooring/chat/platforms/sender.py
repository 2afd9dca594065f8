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
        end, why = self._clock() + PATIENCE, ""
        for pause in (*PAUSES, None):
            found, wait, again = await self._try(method, url, body, headers or {})
            if isinstance(found, tuple):
                return found
            why = found
            wait = pause if wait is None else wait
            if wait is None or pause is None or not (again or repeatable):
                break
            if self._clock() + wait > end:
                why = f"{why}, and asks to wait for {wait:.0f} s" if wait not in PAUSES else why
                break
            await self._sleep(wait)
        raise Unsent(f"{self.who} {why}")

    async def _try(
        self, method: str, url: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[tuple[int, Any] | str, float | None, bool]:
        """The answer or why there is none, how long to wait, and whether nothing can have been done."""
        import httpx2

        try:
            response = await self._connected().request(method, url, json=body, headers=dict(headers))
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            return f"cannot be reached at {urlsplit(url).hostname}", None, True
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return f"gave no answer at {urlsplit(url).hostname} ({type(error).__name__})", None, False
        found = _json(response)
        if response.status_code == 429:
            return "limits how often it is asked", _delay(response, found), True
        if response.status_code in _PASSING:
            return f"answered HTTP {response.status_code}", None, False
        if response.is_redirect:
            return "redirects, which is not followed with a token", None, False
        return (response.status_code, found), None, False

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
