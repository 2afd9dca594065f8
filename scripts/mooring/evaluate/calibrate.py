"""Whether each suite's judge may block, found out once a run in a process of its own."""

import asyncio
import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from mooring import spec
from mooring.errors import Failed, UsageError
from mooring.evaluate.job import Job, Seat
from mooring.evaluate.recordings import Exchange, read, write
from mooring.outcome import Reason
from mooring.spec.assertions import asks_a_judge
from mooring.spec.suite import Case, EvalSuite, Judge

if TYPE_CHECKING:
    from mooring.evaluate.judges.calibration import Agreement

SUITE = "calibration"
"""Recordings of calibrations are kept as if they were of a suite with this name."""


@dataclass(frozen=True)
class Sworn:
    """Judges by suite, and how far each agrees with people."""

    seats: dict[str, Seat] = field(default_factory=dict)
    agreements: dict[str, "Agreement"] = field(default_factory=dict)


def judging(suites: Mapping[str, EvalSuite], cases: Mapping[tuple[str, str], Case]) -> dict[str, Judge]:
    """Judges of the suites that have a case for them."""
    asked = {
        name
        for (name, _), case in cases.items()
        for assertion in (*case.assertions, *(each for turn in case.turns for each in turn.assertions))
        if asks_a_judge(assertion)
    }
    return {name: judge for name, suite in suites.items() if name in asked and (judge := suite.judge)}


def swear_in(judges: Mapping[str, Judge], models: Mapping[str, spec.Model], job: Job, folder: Path) -> Sworn:
    """Asks each judge about its calibration set. UsageError for a judge that is no model or a set that is none."""
    if not judges:
        return Sworn()
    for name, judge in judges.items():
        if judge.model not in models:
            raise UsageError(f"suite {name} is judged by model {judge.model!r}, which does not exist")
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, judges, models, job, folder), daemon=True)
    process.start()
    theirs.close()
    try:
        said = ours.recv()
    except EOFError:
        raise Failed(Reason.PROCESS, "the process that calibrates judges died") from None
    finally:
        process.join()
    if isinstance(said, Exception):
        raise said
    return Sworn({name: _seat(judge, models, said[name].may_block) for name, judge in judges.items()}, said)


def _seat(judge: Judge, models: Mapping[str, spec.Model], may_block: bool) -> Seat:
    return Seat(models[judge.model], judge.timeout_seconds, may_block)


def _work(
    connection: Connection, judges: Mapping[str, Judge], models: Mapping[str, spec.Model], job: Job, folder: Path
) -> None:
    try:
        connection.send(asyncio.run(_agreements(judges, models, job, folder)))
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        connection.send(error)


async def _agreements(
    judges: Mapping[str, Judge], models: Mapping[str, spec.Model], job: Job, folder: Path
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
                judge.model, judge.calibration, judge.minimum_kappa, labelled, panel.ask(name)
            )
            found[name] = replace(agreed, evidence=job.evidence)
            if job.record and not found[name].error:
                write(job.recordings, SUITE, case, tape.made.values())
    return found
