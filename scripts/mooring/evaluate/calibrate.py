"""Whether each suite's judge may block, found out once a run in a process of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from mooring import spec
from mooring.errors import Failed, UsageError
from mooring.evaluate.budget import question
from mooring.evaluate.cases import assertions
from mooring.evaluate.job import Job, Seat
from mooring.evaluate.processes import fork
from mooring.evaluate.recordings import Exchange, read, write
from mooring.evaluate.schedule import Budget
from mooring.outcome import Reason
from mooring.spec.assertions import asks_a_judge
from mooring.spec.suite import Case, EvalSuite, Judge
from mooring.tokens import at_most

if TYPE_CHECKING:
    from mooring.evaluate.judges.calibration import Agreement

SUITE = "calibration"
"""Recordings of calibrations are kept as if they were of a suite with this name."""


@dataclass(frozen=True)
class Sworn:
    """Judges by suite, and how far each agrees with people."""

    seats: dict[str, Seat] = field(default_factory=dict)
    agreements: dict[str, "Agreement"] = field(default_factory=dict)

    @property
    def paid(self) -> float:
        """US dollars for asking them about their calibration: those that were really asked."""
        return sum(agreement.cost_usd for agreement in self.agreements.values() if agreement.evidence == "live")


def judging(suites: Mapping[str, EvalSuite], cases: Mapping[tuple[str, str], Case]) -> dict[str, Judge]:
    """Judges of the suites that have a case for them."""
    asked = {name for (name, _), case in cases.items() if any(map(asks_a_judge, assertions(case)))}
    return {name: judge for name, suite in suites.items() if name in asked and (judge := suite.judge)}


def expected(judges: Mapping[str, Judge], models: Mapping[str, spec.Model], folder: Path) -> list[float]:
    """US dollars of every question that `swear_in` asks. UsageError for a judge that is no model and no such set."""
    from mooring.evaluate.judges import calibration

    for name, judge in judges.items():
        if judge.model not in models:
            raise UsageError(f"suite {name} is judged by model {judge.model!r}, which does not exist")
    return [
        question(models[judge.model].prices, assertion, at_most(answer.input) + at_most(answer.answer))
        for judge in judges.values()
        if judge.calibration
        for answer, assertion in calibration.read(folder, judge.calibration).questions()
    ]


def swear_in(
    judges: Mapping[str, Judge], models: Mapping[str, spec.Model], job: Job, folder: Path, left: float | None
) -> Sworn:
    """Asks each judge about its calibration set, for what is `left` of the budget. UsageError as `expected`."""
    if not judges:
        return Sworn()
    money = Budget(left, max(expected(judges, models, folder), default=0.0))
    with fork(_work, judges, models, job, folder, money) as process:
        try:
            said = process.connection.recv()
        except EOFError:
            raise Failed(Reason.PROCESS, "the process that calibrates judges died") from None
    if isinstance(said, Exception):
        raise said
    return Sworn({name: _seat(judge, models, said[name].may_block) for name, judge in judges.items()}, said)


def _seat(judge: Judge, models: Mapping[str, spec.Model], may_block: bool) -> Seat:
    return Seat(models[judge.model], judge.timeout_seconds, may_block)


def _work(
    connection: Connection,
    judges: Mapping[str, Judge],
    models: Mapping[str, spec.Model],
    job: Job,
    folder: Path,
    money: Budget,
) -> None:
    try:
        connection.send(asyncio.run(_agreements(judges, models, job, folder, money)))
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        connection.send(error)


async def _agreements(
    judges: Mapping[str, Judge], models: Mapping[str, spec.Model], job: Job, folder: Path, money: Budget
) -> "dict[str, Agreement]":
    from mooring.evaluate.judges import calibration
    from mooring.evaluate.judges.panel import Panel, Reach
    from mooring.evaluate.replay import REPLAYED, TAPE, Tape, wrapping

    seats = {name: _seat(judge, models, False) for name, judge in judges.items()}
    reach = Reach(job.evidence, job.simulator_url, job.environ, wrapping(job.evidence, job.record))
    found: dict[str, Agreement] = {}
    async with Panel(seats, reach) as panel:
        for name, judge in judges.items():
            if judge.calibration is None:
                found[name] = calibration.Agreement(judge.model, None, judge.minimum_kappa)
                continue
            case = f"{judge.calibration}-{judge.model}".replace("/", "-")
            kept: Mapping[str, Exchange] = read(job.recordings, SUITE, case) if job.evidence == REPLAYED else {}
            TAPE.set(tape := Tape(SUITE, case, 0, kept))
            labelled = calibration.read(folder, judge.calibration)
            agreed = await calibration.agreement(
                judge.model, judge.calibration, judge.minimum_kappa, labelled, panel.ask(name), money
            )
            found[name] = replace(agreed, evidence=job.evidence)
            if job.record and not found[name].error:
                write(job.recordings, SUITE, case, tape.made.values())
    return found
