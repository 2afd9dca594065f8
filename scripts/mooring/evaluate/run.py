"""Runs suites against a release: the one door to everything that is asked of agents in an evaluation."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from mooring import spec
from mooring.errors import Refused
from mooring.evaluate import budget, journal
from mooring.evaluate.calibrate import Sworn, judging, swear_in
from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.evidence import as_asked
from mooring.evaluate.job import CaseKey, Done, Job
from mooring.evaluate.pool import Feed, Pool, ask_all
from mooring.evaluate.processes import warm
from mooring.evaluate.recordings import Recorder
from mooring.evaluate.schedule import Budget, Schedule
from mooring.evaluate.simulated import Simulator
from mooring.evaluate.values import Cost, Evidence, Results, Trial
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec.suite import Case, EvalSuite

CONCURRENCY = 20
PER_WORKER = 10
"""Trials for which a further worker process pays."""


@dataclass(frozen=True)
class Options:
    """How suites are run. `chosen` are case ids by suite, all where a suite is not in it.

    `rules` and `recordings` are folders; `journal` is the file that trials are written to as they come.
    `first` is the number of the first repeat: a re-run does not repeat what was seen. `expected` is what a trial of a
    case costs, where an earlier run tells. `rung` is the only one that answers, if any. `simulator_url` uses one that
    runs already.
    `models` are the documents among which judges are, `calibration` is the folder of what people labelled; `sworn` are
    the judges, once they are known: options made from these share them.
    """

    evidence: Evidence
    rules: Path
    recordings: Path
    journal: Path
    seed: int = 0
    first: int = 0
    repeats: int | None = None
    budget_usd: float | None = None
    record: bool = False
    rung: str | None = None
    concurrency: int = CONCURRENCY
    workers: int | None = None
    chosen: Mapping[str, frozenset[str]] | None = None
    expected: Mapping[CaseKey, Cost] = field(default_factory=dict)
    simulator_url: str | None = None
    models: Mapping[str, spec.Model] = field(default_factory=dict)
    calibration: Path = Path()
    sworn: list[Sworn] = field(default_factory=list, compare=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Planned:
    """What a run will ask: cases with defaults written in, how often each, and what a trial of it may cost."""

    release: Release
    suites: Mapping[str, EvalSuite]
    cases: Mapping[CaseKey, Case]
    repeats: Mapping[CaseKey, int]
    costs: Mapping[CaseKey, Cost]

    @property
    def estimate(self) -> Cost:
        """The whole run, without the calibration of its judges."""
        return budget.estimate(self.costs, self.repeats.items())

    @property
    def trials(self) -> int:
        return sum(self.repeats.values())


def plan(release: Release, suites: Mapping[str, EvalSuite], options: Options) -> Planned:
    """What `run_suites` would ask. Refused(EMPTY_SET) when that is nothing: it is never success."""
    found: dict[CaseKey, Case] = {}
    repeats: dict[CaseKey, int] = {}
    for name, suite in suites.items():
        if suite.agent not in release.content.agents:
            there = ", ".join(release.content.agents)
            raise Refused(Reason.EMPTY_SET, f"suite {name} is of agent {suite.agent}; the release has {there}")
        chosen = options.chosen.get(name) if options.chosen else None
        for case in cases(suite):
            if chosen is None or case.id in chosen:
                found[name, case.id] = case
                repeats[name, case.id] = options.repeats or (suite.repeats if options.evidence == "live" else 1)
    if not found:
        raise Refused(Reason.EMPTY_SET, "no case is left to be asked: nothing was evaluated")
    agents = {suites[name].agent for name, _ in found}
    sent = {agent: budget.Sent.by(release.content, agent, options.rung) for agent in agents}
    costs = {key: _expected(sent[suites[key[0]].agent], suites[key[0]], case, options) for key, case in found.items()}
    return Planned(release, {name: suites[name] for name, _ in found}, found, repeats, costs)


def _expected(sent: budget.Sent, suite: EvalSuite, case: Case, options: Options) -> Cost:
    """What one trial may cost: nothing where no model is really asked."""
    if options.evidence != "live":
        return Cost()
    if known := options.expected.get((suite.name, case.id)):
        return known
    judge = options.models.get(suite.judge.model) if suite.judge else None
    return budget.guess(sent, case, judge.prices if judge else None)


@dataclass(frozen=True)
class Part:
    """A release that is asked, and who is told its trials."""

    release: Release
    suites: Mapping[str, EvalSuite]
    options: Options
    on_trial: Callable[[Trial], None]

    @cached_property
    def planned(self) -> Planned:
        return plan(self.release, self.suites, self.options)


def run_suites(
    release: Release, suites: Mapping[str, EvalSuite], options: Options, on_trial: Callable[[Trial], None]
) -> Results:
    """Asks every case, tells every trial as it comes, and returns what the journal then holds.

    Results are not complete when the budget ran out. After KeyboardInterrupt the journal holds what there was.
    Refused(EMPTY_SET), Failed(PROCESS), Failed(NOT_READY).
    """
    (results,) = run_together([Part(release, suites, options, on_trial)])
    return results


def run_together(parts: Sequence[Part]) -> list[Results]:
    """Asks several releases at the same time: whatever a vendor or the machine does meanwhile happens to all of them.

    They share the simulator, the budget and the concurrency of the first one's options.
    """
    options, plans = parts[0].options, [part.planned for part in parts]
    money = Budget(options.budget_usd, max(cost.total for planned in plans for cost in planned.costs.values()))
    warm()
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="moor-eval-")))
        url = options.simulator_url or stack.enter_context(Simulator(options.rules, state / "simulator")).url
        asked = [_Asked(part, _schedule(part, money), stack.enter_context(_book(part))) for part in parts]
        jobs = [_sworn_in(_job(part, state, url), part, money) for part in parts]
        share = max(1, options.concurrency // len(parts))
        cores = max(1, (options.workers or os.cpu_count() or 1) // len(parts))
        pools = [
            stack.enter_context(Pool(job, min(cores, -(-one.schedule.total // PER_WORKER)), share))
            for job, one in zip(jobs, asked, strict=True)
        ]
        ask_all([Feed(pool, one.schedule.next, one.tell) for pool, one in zip(pools, asked, strict=True)])
        for one in asked:
            one.book.end(one.schedule.complete)
    return [journal.read(part.options.journal) for part in parts]


class _Asked:
    """A part while it is asked."""

    def __init__(self, part: Part, schedule: Schedule, book: journal.Journal) -> None:
        self.schedule, self.book = schedule, book
        self._on_trial = part.on_trial
        self._recorder = Recorder(part.options.recordings, part.planned.repeats) if part.options.record else None

    def tell(self, done: Done) -> None:
        self.schedule.told(done.trial)
        if self._recorder:
            self._recorder.add(*done.ask.key, done.exchanges, done.trial.passed is not None)
        self.book.add(done.trial, done.prompt)
        self._on_trial(done.trial)


def _schedule(part: Part, money: Budget) -> Schedule:
    planned, options = part.planned, part.options
    critical = [key for key, case in planned.cases.items() if case.critical] if options.evidence == "live" else []
    return Schedule(planned.repeats, critical, options.seed, options.first, money)


def _book(part: Part) -> journal.Journal:
    return journal.Journal(part.options.journal, _head(part.planned, part.options))


def _job(part: Part, state: Path, url: str) -> Job:
    planned, options = part.planned, part.options
    return Job(
        release=as_asked(planned.release, options.evidence).to_bytes(),
        evidence=options.evidence,
        record=options.record,
        rung=options.rung,
        suites={name: suite.model_copy(update={"tests": suite.tests[:1]}) for name, suite in planned.suites.items()},
        cases=planned.cases,
        state=state,
        recordings=options.recordings,
        simulator_url=url,
        seats={},
        environ=options.environ,
    )


def _sworn_in(job: Job, part: Part, money: Budget) -> Job:
    """The job with its judges, who are asked about their calibration once, for the same money."""
    planned, options = part.planned, part.options
    if not options.sworn:
        judges = judging(planned.suites, planned.cases)
        left = money.left if options.evidence == "live" else None
        options.sworn.append(swear_in(judges, options.models, job, options.calibration, left))
        money.spent += options.sworn[0].paid
    return replace(job, seats=options.sworn[0].seats)


def _head(planned: Planned, options: Options) -> journal.Head:
    return journal.Head(
        release=planned.release.digest,
        environment=planned.release.content.environment.name,
        evidence=options.evidence,
        seed=options.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        suites={name: suite_digest(suite) for name, suite in planned.suites.items()},
    )
