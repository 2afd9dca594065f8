"""One evaluation: the head's suites asked of the head, and of the base where there is one, as paired treatment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mooring.catalog.catalog import Catalog
from mooring.evaluate import budget
from mooring.evaluate.baselines import Baselines, key_of
from mooring.evaluate.calibrate import expected, judging
from mooring.evaluate.recordings import prune
from mooring.evaluate.run import Options, Part, Planned, plan, run_together
from mooring.evaluate.values import Cost, Results, Trial
from mooring.release.release import Release
from mooring.spec.suite import EvalSuite

HEAD, BASE = "head", "base"

OnTrial = Callable[[str, Trial], None]
"""Callback `(side, trial)`; `side` is `head` or `base`."""

RERUN = 1000
"""The first repeat of a re-run, beyond any planned one."""


@dataclass(frozen=True)
class Compared:
    """What a change is compared with; `recordings` is a folder with those of its commit. `live` if it is what runs."""

    release: Release
    suites: Mapping[str, EvalSuite]
    recordings: Path
    live: bool = False


@dataclass(frozen=True)
class Session:
    """What one `moor eval` asks. Journals are written to `output`; live ones that are complete become `baselines`.

    Both sides are asked the head's questions, as far as the base's suites have a case of that name.
    """

    head: Release
    base: Compared | None
    suites: Mapping[str, EvalSuite]
    catalog: Catalog
    options: Options
    output: Path
    baselines: Baselines

    @cached_property
    def planned(self) -> Planned:
        """What the head will be asked. Refused(EMPTY_SET) when that is nothing."""
        return plan(self.head, self.suites, self._options(HEAD))

    @cached_property
    def known(self) -> Results | None:
        """Results of the base that were paid for already."""
        if self.base is None or not self.paired or self.options.evidence != "live":
            return None
        return self.baselines.get(self._key(self.base.release, self.paired, self._options(BASE)))

    @property
    def paired(self) -> dict[str, frozenset[str]]:
        """Case ids by suite that the base is asked too; every other case is new."""
        if self.base is None:
            return {}
        agents = self.base.release.content.agents
        chosen: dict[str, frozenset[str]] = {}
        for name, case in self.planned.cases:
            before = self.base.suites.get(name)
            if before and self.suites[name].agent in agents and case in {old.id for old in before.tests}:
                chosen[name] = chosen.get(name, frozenset()) | {case}
        return chosen

    @property
    def trials(self) -> int:
        """How many trials of both sides are planned; repeats that decide nothing more may be left out."""
        base = sum(self.planned.repeats[name, case] for name, cases in self.paired.items() for case in cases)
        return self.planned.trials + (0 if self.known else base)

    def estimate(self) -> Cost:
        """What asking will cost, both sides and the calibration of judges; nothing where no model is asked for real."""
        if self.options.evidence != "live":
            return Cost()
        judges = judging(self.planned.suites, self.planned.cases)
        total = Cost(judges=sum(expected(judges, self.options.models, self.options.calibration)))
        costs = {**self.planned.costs, **(budget.seen(self.known) if self.known else {})}
        total += budget.estimate(costs, self.planned.repeats.items())
        if self.base and self.paired and self.known is None:
            total += plan(self.base.release, self._of(self.paired), self._options(BASE)).estimate
        return total

    def spent(self, *asked: Results) -> Cost:
        """What these cost, and the calibration of judges. What was known already is not paid again."""
        judges = Cost(judges=sum(sworn.paid for sworn in self.options.sworn))
        return sum((budget.spent(results) for results in asked if results is not self.known), judges)

    def left(self, *asked: Results) -> float | None:
        """US dollars of the budget after these; None when there is no limit."""
        most = self.options.budget_usd
        return None if most is None else max(0.0, most - self.spent(*asked).total)

    def run(self, on_trial: OnTrial) -> tuple[Results | None, Results]:
        """Results of base and head, asked at the same time as far as the base has to be asked."""
        base, head = self.known, self._part(HEAD, on_trial)
        if self.base is None or not self.paired:
            (found,) = run_together([head])
        elif base is None:
            part = self._part(BASE, on_trial)
            base, found = run_together([part, head])
            self._keep(part, base)
        else:
            options = replace(head.options, expected=budget.seen(base))
            (found,) = run_together([replace(head, options=options)])
        self._keep(head, found)
        if self.options.record:
            for name, suite in self.suites.items():
                prune(self.options.recordings, name, (case.id for case in suite.tests))
        return base, found

    def rerun(
        self, cases: Sequence[tuple[str, str]], repeats: int, on_trial: OnTrial, *asked: Results
    ) -> tuple[Results, Results]:
        """Asks both sides some cases again, with new repeats and in another order, for what is left after `asked`.

        Only where there is a base.
        """
        if self.base is None:
            raise ValueError("there is no base to ask again")
        chosen = {name: frozenset(case for suite, case in cases if suite == name) for name, _ in cases}

        def part(side: str, release: Release) -> Part:
            options = replace(
                self._options(side),
                journal=self.output / f"{side}-again.jsonl",
                chosen=chosen,
                repeats=repeats,
                first=RERUN,
                seed=self.options.seed + 1,
                budget_usd=self.left(*asked),
            )
            return Part(release, self._of(chosen), options, lambda trial: on_trial(side, trial))

        base, head = run_together([part(BASE, self.base.release), part(HEAD, self.head)])
        return base, head

    def _part(self, side: str, on_trial: OnTrial) -> Part:
        options = self._options(side)
        release = self.base.release if side == BASE and self.base else self.head
        suites = self.suites if side == HEAD else self._of(options.chosen or {})
        return Part(release, suites, options, lambda trial: on_trial(side, trial))

    def _keep(self, part: Part, results: Results) -> None:
        """Results that may be a baseline: those that were paid for, and are whole."""
        judged = all(trial.passed is not None for trial in results.trials)
        if self.options.evidence == "live" and results.complete and judged:
            self.baselines.keep(self._key(part.release, part.options.chosen, part.options), part.options.journal)

    def _options(self, side: str) -> Options:
        options = replace(self.options, journal=self.output / f"{side}.jsonl")
        if side == HEAD or self.base is None:
            return options
        return replace(options, chosen=self.paired, recordings=self.base.recordings, record=False)

    def _of(self, chosen: Mapping[str, frozenset[str]]) -> dict[str, EvalSuite]:
        return {name: self.suites[name] for name in chosen}

    def _key(self, release: Release, chosen: Mapping[str, frozenset[str]] | None, options: Options) -> str:
        suites = self.suites if chosen is None else self._of(chosen)
        return key_of(plan(release, suites, replace(options, chosen=chosen)), options)
