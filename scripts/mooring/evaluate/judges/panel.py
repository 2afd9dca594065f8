"""Who judges each suite, as it is told to the processes that judge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx2

from mooring.evaluate.assertions.judging import AskJudge
from mooring.evaluate.assertions.subject import Subject, Unjudged, Verdict
from mooring.evaluate.job import Seat
from mooring.evaluate.values import Evidence
from mooring.runtime.agent.models import build
from mooring.runtime.core.settings import Settings, WrapModel
from mooring.spec.assertions import asks_a_judge
from mooring.spec.suite import Assertion

if TYPE_CHECKING:
    from mooring.evaluate.judges.llm import JudgeLLM

RECORDED = "recorded"


@dataclass(frozen=True)
class Reach:
    """How models are reached with one class of evidence. `wrap` records and replays."""

    evidence: Evidence
    simulator_url: str | None
    environ: Mapping[str, str] = field(repr=False)
    wrap: WrapModel | None = None


class Panel:
    """Judges answers; each judge's client is made when it is first asked. A context manager: it closes them."""

    def __init__(self, seats: Mapping[str, Seat], reach: Reach) -> None:
        self._seats, self._reach = seats, reach
        self._client: httpx2.AsyncClient | None = None
        self._asks: dict[str, AskJudge] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()

    def may_block(self, suite: str) -> bool:
        return suite not in self._seats or self._seats[suite].may_block

    def ask(self, suite: str) -> AskJudge:
        """The way to ask a suite's judge."""
        if suite not in self._asks:
            self._asks[suite] = self._sworn_in(suite)
        return self._asks[suite]

    def _sworn_in(self, suite: str) -> AskJudge:
        async def ask(assertion: Assertion, subject: Subject) -> Verdict:
            from mooring.evaluate.judges.quiet import import_deepeval

            import_deepeval()
            from mooring.evaluate.judges.metrics import measured

            if asks_a_judge(assertion) and suite not in self._seats:
                raise Unjudged("the suite names no judge")
            if not asks_a_judge(assertion):
                return await measured(assertion, subject, None)
            llm = self._llm(suite)
            try:
                return replace(await measured(assertion, subject, llm), cost_usd=llm.cost_usd)
            except Unjudged as error:
                error.cost_usd = llm.cost_usd
                raise

        return ask

    def _llm(self, suite: str) -> "JudgeLLM":
        from mooring.evaluate.judges.llm import JudgeLLM

        seat, reach = self._seats[suite], self._reach
        environ = dict(reach.environ)
        key = seat.model.key_variable
        if key and reach.evidence == RECORDED:
            environ[key] = RECORDED
        if key and reach.evidence == "live" and not environ.get(key):
            raise Unjudged(f"the judge {seat.model.name} needs {key}")
        self._client = self._client or httpx2.AsyncClient()
        settings = Settings("judge", Path(), reach.simulator_url, environ)
        model = build(seat.model, reach.evidence == "simulated", settings, self._client)
        return JudgeLLM(seat.model, reach.wrap(seat.model, model) if reach.wrap else model, seat.timeout_seconds)
