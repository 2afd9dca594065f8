"""One model call of an agent whose rungs may run beside each other: the first good answer counts.

The ladder still asks one rung after the other, and each says what came of it: a rung that was overtaken fails as such,
and the next one, when it is asked, hands over the answer that it has already. So whoever reads the ladder from outside
sees the same steps as without hedging.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.ladder.fitting import Fitting
from mooring.runtime.agent.ladder.hedging import Hedging, Kind
from mooring.runtime.agent.ladder.rung import Rung
from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import OUTRUN, OVERTAKEN, BreakerOpen, Overtaken
from mooring.runtime.core.record import CURRENT
from mooring.runtime.watch.telemetry import Metrics

SETTLE_SECONDS = 1.0
"""Seconds that cancelled calls are waited for, so that their cost is recorded."""


@dataclass(frozen=True)
class Answered:
    """What a rung gave: a whole answer, or a stream that has begun, open until `close` is closed."""

    value: Any
    close: AsyncExitStack


Call = Callable[[Model], Awaitable[Answered]]
"""Asks a rung."""


class Race:
    """Of the rungs that call a model, the best first. `close` it after use, or calls go on."""

    def __init__(self, rungs: Sequence[Rung | Fitting], hedging: Hedging, metrics: Metrics, streamed: bool) -> None:
        self.entrants = [Entrant(rung, self, place) for place, rung in enumerate(rungs)]
        self._rungs, self._hedging, self._metrics, self._streamed = rungs, hedging, metrics, streamed
        self._record = CURRENT.get()
        self._reached, self._simulated = self._record.rung, self._record.simulated
        self._tasks: dict[int, asyncio.Task[Answered]] = {}
        self._failed: dict[int, Exception] = {}
        self._won: int | None = None
        self._hedged = False
        self._paid: set[int] = set()
        self._next, self._due = 0, inf
        hedging.allowance.earn()

    async def close(self) -> None:
        """Cancels what still runs."""
        await self._stop(list(self._tasks))

    async def run(self, place: int, call: Call) -> Answered:
        """The answer of the rung at `place`. Raises what it raised, or Overtaken."""
        if self._won is None or self._won < place:
            await self._climb(place, call)
        if place in self._failed:
            raise self._failed.pop(place)
        if self._won != place:
            raise Overtaken(self._rungs[place].model_name)
        return self._tasks.pop(place).result()

    async def _climb(self, place: int, call: Call) -> None:
        """Goes on until some rung has answered, or that at `place` has failed."""
        self._won = None
        if place not in self._tasks and place not in self._failed:
            self._start(place, call)
        while place in self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self._pause(), return_when=asyncio.FIRST_COMPLETED)
            self._won = self._settle()
            if self._won is not None:
                await self._stop([other for other in self._tasks if other != self._won])
                # A loser may have answered, and then had its answer refused.
                self._record.rung = max(self._reached, self._rungs[self._won].rung)
                self._record.simulated = self._simulated or self._rungs[self._won].simulated
                return
            if self._tasks and self._pause() == 0.0:
                self._hedge(call)

    def _start(self, place: int, call: Call) -> None:
        self._tasks[place] = asyncio.create_task(self._timed(place, call))
        self._next = place + 1
        self._due = asyncio.get_running_loop().time() + self._hedging.after(self._kind(place))

    async def _timed(self, place: int, call: Call) -> Answered:
        clock = asyncio.get_running_loop().time
        began = clock()
        answer = await call(self._rungs[place])
        self._hedging.answered(self._kind(place), clock() - began)
        return answer

    def _kind(self, place: int) -> Kind:
        rung = self._rungs[place]
        return rung.model_name, self._streamed and not isinstance(rung, Fitting)  # which streams nothing unchecked

    def _pause(self) -> float | None:
        """Seconds until the next rung is to be asked; None when none is."""
        if self._next >= len(self._rungs) or self._due == inf:
            return None
        return max(0.0, self._due - asyncio.get_running_loop().time())

    def _hedge(self, call: Call) -> None:
        """Asks the next rung beside the others, if the allowance has it.

        Beside the probe of a breaker it costs nothing of that: without the probe, everybody would ask the next rung.
        """
        paid = not all(map(self._ill, self._tasks))
        allowed = not paid or self._hedging.allowance.spend()
        self._count(self._next, "asked" if allowed else "denied")
        if allowed:
            self._paid |= {self._next} if paid else set()
            self._hedged = True
            self._record.hedges += 1
            self._start(self._next, call)
        else:
            self._due = inf

    def _ill(self, place: int) -> bool:
        """Whether the breaker of a rung is open, and the call that waits there its probe."""
        circuit = getattr(self._rungs[place], "circuit", None)  # of the breaker, wherever among the wrappers it is
        return circuit is not None and circuit.state != "closed"

    def _settle(self) -> int | None:
        """Settles ended calls and returns who answered, if any. Of two simultaneous answers the lower rung's counts."""
        won = None
        for place, task in sorted(self._tasks.items()):
            if not task.done():
                continue
            error = task.exception()
            if error is None:
                won = place
            elif isinstance(error, Exception):
                self._lost(place, error)
            else:
                raise error
        if self._hedged and won is not None:
            self._count(won, "won")
        return won

    def _lost(self, place: int, error: Exception) -> None:
        self._failed[place] = error
        del self._tasks[place]
        if place in self._paid and isinstance(error, BreakerOpen):
            self._hedging.allowance.give_back()
        if place == self._next - 1:
            self._due = 0.0  # the others have been slow already

    async def _stop(self, places: Sequence[int]) -> None:
        for place in places:
            self._tasks[place].cancel(self._why(place))
        tasks = [self._tasks.pop(place) for place in places]
        if tasks:
            await asyncio.wait(tasks, timeout=SETTLE_SECONDS)
        for task in tasks:
            if task.done() and not task.cancelled() and task.exception() is None:
                await task.result().close.aclose()

    def _why(self, place: int) -> str | None:
        """Why a call is cancelled: OUTRUN by one that began later, OVERTAKEN by one that began before."""
        if self._won is None:
            return None
        return OUTRUN if place < self._won else OVERTAKEN

    def _count(self, place: int, outcome: str) -> None:
        self._metrics.hedges.labels(self._record.agent, self._rungs[place].model_name, outcome).inc()


class Entrant(Layer):
    """A rung in a race."""

    def __init__(self, wrapped: Rung | Fitting, race: Race, place: int) -> None:
        super().__init__(wrapped)
        self._race, self._place = race, place

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        async def call(rung: Model) -> Answered:
            return Answered(await rung.request(messages, model_settings, model_request_parameters), AsyncExitStack())

        response: ModelResponse = (await self._race.run(self._place, call)).value
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        async def call(rung: Model) -> Answered:
            async with AsyncExitStack() as opening:
                stream = await opening.enter_async_context(
                    rung.request_stream(messages, model_settings, model_request_parameters, run_context)
                )
                return Answered(stream, opening.pop_all())

        answered = await self._race.run(self._place, call)
        async with answered.close:
            yield answered.value
