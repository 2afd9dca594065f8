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
    after = tallies(head)
    stale = [f"{name}: the change was asked another version of the suite" for name in _stale(head, suites)]
    whole = mismatch(base, head) if base else ""
    hindered = {} if base is None or whole else _hindered(base, suites, options)
    usable = base if not whole else None
    before = {key: found for key, found in (tallies(usable) if usable else {}).items() if key[0] not in hindered}
    other = _changed(usable, suites, options, hindered)
    today = datetime.fromisoformat(head.started).date()
    pairs = tuple(
        _pair(suite, case, None if (name, case.id) in other else before.get((name, case.id)), after, other, today)
        for name, suite in sorted(suites.items())
        for case in sorted(cases(suite), key=lambda case: case.id)
        if (name, case.id) in after
    )
    return Comparison(
        base=base,
        head=head,
        suites=suites,
        options=options,
        pairs=pairs,
        obstacles=tuple(filter(None, [whole, *stale, *hindered.values()])),
        unasked=tuple(sorted(set(suites) - {name for name, _ in after})),
        alone=tuple(sorted(set(suites) - set(base.suites))) if base else (),
        removed=tuple(sorted(_removed(base, suites, options))),
    )


def _pair(
    suite: EvalSuite, case: Case, base: Tally | None, after: Mapping[CaseKey, Tally], other: set[CaseKey], today: date
) -> Pair:
    key = suite.name, case.id
    expired = case.quarantine is not None and case.quarantine.expires < today
    return Pair(
        suite=suite.name,
        case=case.id,
        agent=suite.agent,
        group=f"group {case.group}" if case.group else f"case {suite.name}/{case.id}",
        critical=case.critical,
        quarantine=None if expired else case.quarantine,
        expired=expired,
        changed=key in other,
        base=base,
        head=after[key],
    )


def _stale(head: Results, suites: Mapping[str, EvalSuite]) -> Iterator[str]:
    """Suites whose trials are of other questions than the document's."""
    for name in sorted(head.suites):
        if name not in suites or head.suites[name] != suite_digest(suites[name]):
            yield name


def _hindered(base: Results, suites: Mapping[str, EvalSuite], options: Options) -> dict[str, str]:
    found = {name: obstacle(name, base, suites[name], options) for name in sorted(suites) if name in base.suites}
    return {name: why for name, why in found.items() if why}


def _changed(
    base: Results | None, suites: Mapping[str, EvalSuite], options: Options, hindered: Mapping[str, str]
) -> set[CaseKey]:
    if base is None:
        return set()
    able = [name for name in suites if name in base.suites and name not in hindered]
    return {(name, case) for name in able for case in changed(name, base, suites[name], options)}


def _removed(base: Results | None, suites: Mapping[str, EvalSuite], options: Options) -> set[CaseKey]:
    """Cases that the base has, by its documents or by its trials, and the documents of the head have not."""
    there = {(name, case.id) for name, suite in suites.items() for case in suite.tests}
    before = {(trial.suite, trial.case) for trial in base.trials} if base else set()
    for name, suite in (options.base_suites or {}).items():
        if name in suites:
            before |= {(name, case.id) for case in suite.tests}
    return before - there
