"""One thing that can be looked at: within a time, by one look for all who ask at once, kept while it is fresh."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from mooring.runtime.core.logs import LOGGER

Layer = Literal["process", "runtime", "dependencies", "behaviour"]
LAYERS: tuple[Layer, ...] = ("process", "runtime", "dependencies", "behaviour")
"""In order of dependency: each layer needs those before it."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Seen:
    """What a look saw. `detail` is for anybody: no secret, no text of a user or a provider.

    `value` is what the threshold is for, in its unit; by default the seconds the look took. `age` is seconds since
    it was seen, when that was not just now.
    """

    ok: bool
    detail: str = ""
    value: float | None = None
    age: float = 0.0


Look = Callable[[], Awaitable[Seen]]


@dataclass(frozen=True)
class Result:
    """How a check ended. `seconds` is how long the look took; `at` is on the clock of its check."""

    layer: Layer
    name: str
    ok: bool
    detail: str
    seconds: float
    value: float
    threshold: float | None
    unit: str
    at: float

    @property
    def path(self) -> str:
        """Its name among all checks."""
        return f"{self.layer}/{self.name}"

    def data(self, now: float) -> dict[str, Any]:
        """JSON-able."""
        return {
            "layer": self.layer,
            "name": self.name,
            "ok": self.ok,
            "detail": self.detail,
            "seconds": round(self.seconds, 6),
            "value": round(self.value, 6),
            "threshold": self.threshold,
            "unit": self.unit,
            "age_seconds": round(max(0.0, now - self.at), 3),
        }


class Check:
    """`threshold` is the most its value may be, None for no limit; `patience` the seconds a look may take.

    A result is kept for `fresh` seconds, so that whoever asks often costs a dependency nothing.
    """

    def __init__(
        self,
        layer: Layer,
        name: str,
        look: Look,
        *,
        threshold: float | None = None,
        unit: str = "s",
        patience: float = 5.0,
        fresh: float = 0.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self.layer, self.name, self.threshold, self.unit = layer, name, threshold, unit
        self._look, self._patience, self._fresh, self._clock = look, patience, fresh, clock
        self._under_way: asyncio.Task[Result] | None = None
        self.last: Result | None = None

    @property
    def path(self) -> str:
        """Its name among all checks."""
        return f"{self.layer}/{self.name}"

    async def result(self) -> Result:
        """The last result while it is fresh, else what a new look sees; never raises."""
        if self.last and self._clock() - self.last.at < self._fresh:
            return self.last
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._new())
            self._under_way.add_done_callback(self._done)
        return await asyncio.shield(self._under_way)

    async def refresh(self) -> Result:
        """What a look sees that begins now, however fresh the last one is; never raises."""
        if self._under_way is not None:
            await asyncio.shield(self._under_way)
        self.last = None
        return await self.result()

    def _done(self, task: asyncio.Task[Result]) -> None:
        self._under_way = None

    async def _new(self) -> Result:
        started = self._clock()
        try:
            async with asyncio.timeout(self._patience):
                seen = await self._look()
        except TimeoutError:
            seen = Seen(False, f"no answer within {self._patience:g} s")
        except Exception as error:  # noqa: BLE001 - a check that breaks is a check that failed
            LOGGER.exception("check failed", extra={"check": self.path})
            seen = Seen(False, type(error).__name__)
        now = self._clock()
        value = now - started if seen.value is None else seen.value
        over = seen.ok and self.threshold is not None and value > self.threshold
        detail = f"{value:.3g} {self.unit} is over {self.threshold:g} {self.unit}" if over else seen.detail
        self.last = Result(
            self.layer,
            self.name,
            seen.ok and not over,
            detail,
            now - started,
            value,
            self.threshold,
            self.unit,
            now - seen.age,
        )
        return self.last


async def look_at(checks: Iterable[Check]) -> list[Result]:
    """All results, in the order of the checks, in the time of the slowest: none waits for another."""
    return list(await asyncio.gather(*(check.result() for check in checks)))
