"""Puts the trials of base and head side by side."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from mooring.evaluate.cases import cases, suite_digest
from mooring.evaluate.gate.comparable import changed, mismatch, obstacle
from mooring.evaluate.gate.comparison import Comparison, Options, Pair
from mooring.evaluate.gate.tally import CaseKey, Tally, tallies
from mooring.evaluate.values import Results
from mooring.spec.suite import Case, EvalSuite


def compare(
    base: Results | None, head: Results, suites: Mapping[str, EvalSuite], options: Options | None = None
) -> Comparison:
    """Every case of the head beside the base's, matched by suite and id. `suites` are those that the head was asked.

    A quarantine is in force up to and with its last day, by the day on which the head was asked.
    """
    options = options or Options()
    digests = {name: suite_digest(suite) for name, suite in suites.items()}
    after = tallies(head)
    whole = mismatch(base, head) if base else ""
    usable = None if whole else base
    hindered = _hindered(usable, suites, digests, options)
    other = _changed(usable, suites, digests, hindered, options)
    before = {key: found for key, found in (tallies(usable) if usable else {}).items() if key[0] not in hindered}
    today = datetime.fromisoformat(head.started).date()
    pairs = tuple(
        _pair(suite, case, before, after[suite.name, case.id], (suite.name, case.id) in other, today)
        for _, suite in sorted(suites.items())
        for case in sorted(cases(suite), key=lambda case: case.id)
        if (suite.name, case.id) in after
    )
    return Comparison(
        base=base,
        head=head,
        suites=suites,
        options=options,
        pairs=pairs,
        obstacles=tuple(filter(None, [whole, *_stale(head, digests), *hindered.values()])),
        unasked=tuple(sorted(set(suites) - {name for name, _ in after})),
        alone=tuple(sorted(set(suites) - set(base.suites))) if base else (),
        removed=tuple(sorted(_removed(base, suites, options))),
    )


def _pair(
    suite: EvalSuite, case: Case, before: Mapping[CaseKey, Tally], head: Tally, changed: bool, today: date
) -> Pair:
    expired = case.quarantine is not None and case.quarantine.expires < today
    return Pair(
        suite=suite.name,
        case=case.id,
        agent=suite.agent,
        group=f"group {case.group}" if case.group else f"case {suite.name}/{case.id}",
        critical=case.critical,
        quarantine=None if expired else case.quarantine,
        expired=expired,
        changed=changed,
        base=None if changed else before.get((suite.name, case.id)),
        head=head,
    )


def _stale(head: Results, digests: Mapping[str, str]) -> Iterator[str]:
    """Trials of other questions than the documents'."""
    for name, digest in sorted(head.suites.items()):
        if digests.get(name) != digest:
            yield f"{name}: the change was asked another version of the suite"


def _hindered(
    base: Results | None, suites: Mapping[str, EvalSuite], digests: Mapping[str, str], options: Options
) -> dict[str, str]:
    """Suites that the base was asked too, and that cannot be compared: why."""
    there = [name for name in sorted(suites) if base and name in base.suites]
    found = {name: obstacle(base, suites[name], digests[name], options) for name in there if base}
    return {name: why for name, why in found.items() if why}


def _changed(
    base: Results | None,
    suites: Mapping[str, EvalSuite],
    digests: Mapping[str, str],
    hindered: Mapping[str, str],
    options: Options,
) -> set[CaseKey]:
    if base is None:
        return set()
    able = [name for name in suites if name in base.suites and name not in hindered]
    return {(name, case) for name in able for case in changed(base, suites[name], digests[name], options)}


def _removed(base: Results | None, suites: Mapping[str, EvalSuite], options: Options) -> set[CaseKey]:
    """Cases that the base has, by its documents or by its trials, and the documents of the head have not."""
    there = {(name, case.id) for name, suite in suites.items() for case in suite.tests}
    before = {(trial.suite, trial.case) for trial in base.trials} if base else set()
    for name, suite in (options.base_suites or {}).items():
        if name in suites:
            before |= {(name, case.id) for case in suite.tests}
    return before - there
