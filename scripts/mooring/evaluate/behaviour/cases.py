"""Every case with its most telling trial, old and new side by side, the first failing ones on top."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from mooring.evaluate.behaviour.values import CaseReport, Turn
from mooring.evaluate.cases import answered, cases, turns
from mooring.evaluate.gate.comparison import Comparison, Pair, State
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.values import Reply, Results, Score, Trial
from mooring.spec.suite import Case

ORDER: tuple[State, ...] = ("worse", "new", "changed", "not-judged", "failing", "better", "same")
"""Of states among cases that fail, and among those that do not."""

Trials = Mapping[CaseKey, Sequence[Trial]]


def reports(comparison: Comparison, verdict: Verdict, prompts: Mapping[CaseKey, int]) -> tuple[CaseReport, ...]:
    """One for every case that the head was asked. `prompts` tells the prompt diff of a case."""
    blocking = {key for reason in verdict.reasons if reason.outcome == "fail" for key in reason.cases}
    known = {(name, case.id): case for name, suite in comparison.suites.items() for case in cases(suite)}
    old, new = by_case(comparison.base), by_case(comparison.head)
    found = [
        _report(pair, known[pair.key], old if pair.base else {}, new, pair.key in blocking, prompts.get(pair.key))
        for pair in comparison.pairs
    ]
    return tuple(sorted(found, key=_rank))


def by_case(results: Results | None) -> Trials:
    """Trials of every case in the order of their repeats."""
    found: dict[CaseKey, list[Trial]] = {}
    for trial in sorted(results.trials, key=lambda trial: trial.repeat) if results else ():
        found.setdefault((trial.suite, trial.case), []).append(trial)
    return found


def _rank(report: CaseReport) -> tuple[bool, bool, bool, bool, int, bool, int, str]:
    """Short conversations before long ones: the plainest example first."""
    return (
        not report.blocking,
        not report.failing,
        report.failing and bool(report.quarantine),
        not (report.failing and report.critical),
        ORDER.index(report.state),
        not report.differs,
        len(report.turns),
        report.name,
    )


def _report(pair: Pair, case: Case, old: Trials, new: Trials, blocking: bool, prompt: int | None) -> CaseReport:
    before, now = _telling(old.get(pair.key, ()), new[pair.key])
    held = pair.quarantine
    return CaseReport(
        suite=pair.suite,
        case=pair.case,
        agent=pair.agent,
        state=pair.state,
        critical=pair.critical,
        blocking=blocking,
        quarantine=f"until {held.expires} by {held.owner}: {held.reason}" if held else "",
        tags=case.tags,
        base=pair.base,
        head=pair.head,
        repeat=now.repeat,
        turns=tuple(_turns(case, before.replies if before else (), now.replies)),
        before=tuple(_failures(before.scores)) if before else (),
        now=reasons(now),
        prompt=prompt,
        scripted=now.evidence == "simulated" and answered(case),
    )


def reasons(trial: Trial) -> tuple[str, ...]:
    """Why it did not pass: at least one reason."""
    found = tuple(_failures(trial.scores)) or tuple(reply.error for reply in trial.replies if reply.error)
    if found or trial.passed:
        return found
    if trial.passed is False:
        return ("its scores together are below its threshold",)
    told = ", ".join(dict.fromkeys(score.metric for score in trial.scores)) or "no assertion"
    return (f"{told} only reports here, and nothing else decides",)


def _telling(old: Sequence[Trial], new: Sequence[Trial]) -> tuple[Trial | None, Trial]:
    """The first trial that fails, beside one of the same repeat that did not; or the first that differs."""
    before = {trial.repeat: trial for trial in old}
    bad = _first(new, False) or _first(new, None)
    if bad:
        same = before.get(bad.repeat)
        return (same if same and same.passed else _first(old, True) or same or next(iter(old), None)), bad
    said = {repeat: _said(trial) for repeat, trial in before.items()}
    now = next((trial for trial in new if trial.repeat in said and said[trial.repeat] != _said(trial)), new[0])
    return before.get(now.repeat, next(iter(old), None)), now


def _first(trials: Iterable[Trial], passed: bool | None) -> Trial | None:
    return next((trial for trial in trials if trial.passed is passed), None)


def _said(trial: Trial) -> list[tuple[object, ...]]:
    return [(reply.text, reply.calls, reply.error) for reply in trial.replies]


def _turns(case: Case, old: Sequence[Reply], new: Sequence[Reply]) -> Iterator[Turn]:
    """The greater number of both sides."""
    asked = turns(case)[: max(len(old), len(new), 1)]
    for turn, before, now in zip_longest(asked, old[: len(asked)], new[: len(asked)]):
        yield Turn(turn.message, before, now)


def _failures(scores: Sequence[Score]) -> Iterator[str]:
    for score in scores:
        if score.passed or (not score.blocking and not score.error):
            continue
        turn = "" if score.turn is None else f" (turn {score.turn + 1})"
        name = score.metric if score.metric == score.type else f"{score.metric} ({score.type})"
        yield f"{name}{turn}: {score.reason or ('could not be judged' if score.error else 'does not hold')}"
