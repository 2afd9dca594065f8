"""An evaluation for the terminal: the verdict, and the first failing cases with both answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import SequenceMatcher

from mooring.change.wording import clip, count
from mooring.evaluate.behaviour.values import Approval, Behaviour, CaseReport, Turn
from mooring.report.evaluation import wording
from mooring.report.plan_override import file_of, override_yaml, short
from mooring.spec.guards import OWN_TEST

TOP = 3
"""Failing cases that are shown with their answers."""

LINES = 40
"""Of both answers to a message."""

VALUE = 120
"""Characters of what a tool was given or answered."""


def evaluation_text(behaviour: Behaviour) -> str:
    """Lines that begin with `-` before and `+` now, as `Console.diff` colors them; ends with a newline."""
    return "\n".join(_lines(behaviour)) + "\n"


def _lines(behaviour: Behaviour) -> Iterator[str]:
    first, *others = [clip(line, 1000) for line in behaviour.verdict.lines] or [behaviour.verdict.outcome]
    failing = [case for case in behaviour.cases if case.failing]
    for case in failing[:TOP]:
        yield from _case(case)
        yield ""
    if len(failing) > TOP:
        yield f"… and {count(len(failing) - TOP, 'more failing case')}"
        yield ""
    yield from _documents(behaviour)
    yield first
    yield f"  {wording.counts(behaviour)}"
    if told := wording.scripted(behaviour):
        yield f"  {told}"
    if told := wording.unruled(behaviour.unruled):
        yield f"  {told}"
    yield from (f"  {line}" for line in others)
    if totals := wording.total(behaviour):
        yield f"  {totals}"
    if not behaviour.complete:
        yield "  partial: it stopped before everything was asked"
    if behaviour.approval and behaviour.unapproved:
        yield from _to_approve(behaviour.environment, behaviour.approval)


def _to_approve(environment: str, approval: Approval) -> Iterator[str]:
    yield "  not approved: the change makes its own test easier"
    yield from (f"    {clip(text, 300)}" for text in approval.ignored)
    if approval.owners:
        name = f"{environment}-{short(approval.digest)}"
        what = "a change that makes its own test easier"
        snippet = override_yaml(name, what, approval.digest, approval.owners, [OWN_TEST], datetime.now(UTC))
        yield ""
        yield f"To let it pass, an owner commits {file_of(name)}:"
        yield ""
        yield from (f"    {line}" for line in snippet.splitlines())


def _case(case: CaseReport) -> Iterator[str]:
    yield f"{wording.mark(case)} {clip(case.name, 200)}  {wording.standing(case)}"
    shown = {turn.new.error for turn in case.turns if turn.new}
    yield from (f"    {clip(text, 500)}" for text in case.now if text not in shown)
    for turn in case.turns:
        yield f"    > {clip(turn.message, 300)}"
        lines = list(_answers(turn))
        yield from lines[:LINES]
        if len(lines) > LINES:
            yield f"    … {count(len(lines) - LINES, 'more line')}"


def _answers(turn: Turn) -> Iterator[str]:
    """Lines of both answers; equal lines appear once."""
    old, new = (list(wording.said(reply, VALUE)) if reply else [] for reply in (turn.old, turn.new))
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (f"    {line}".rstrip() for line in old[i1:i2])
        else:
            yield from (f"-   {line}".rstrip() for line in old[i1:i2])
            yield from (f"+   {line}".rstrip() for line in new[j1:j2])


def _documents(behaviour: Behaviour) -> Iterator[str]:
    """Contracts that break, and tests that became easier."""
    broken = [one for one in behaviour.contracts if one.understated or one.level == "major"]
    for one in broken:
        yield f"~ {wording.contract(one)}"
        yield from (f"~   {clip(text, 300)}" for text in one.texts[:TOP])
    for weaker in behaviour.weakened:
        yield f"~ {clip(weaker.place, 200)}: {clip(weaker.text, 300)}"
    if behaviour.approval:
        yield f"~ {clip(wording.approval(behaviour.approval), 500)}"
    if broken or behaviour.weakened:
        yield ""
