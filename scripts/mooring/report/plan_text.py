"""A plan as plain text: one block per document, then the verdict, then what to do next."""

from collections.abc import Iterator
from itertools import groupby

from mooring.change.change import Change
from mooring.change.guards import VALID, Refusal
from mooring.change.plan import Plan
from mooring.change.wording import clip, count
from mooring.report.plan_override import override_snippet
from mooring.spec.guards import MAX_RISK

SYMBOLS = {"add": "+", "remove": "-", "change": "~"}


SHOWN = 5
"""Changes named again below a guard that refuses."""


def plan_text(plan: Plan) -> str:
    """Lines that begin with `+`, `-` or `~` where a document is added, removed or changed; ends with a newline."""
    return "\n".join(_lines(plan)) + "\n"


def headline(plan: Plan) -> str:
    """`local: 2 changes, risk 12 of at most 20, refused by 1 guard`"""
    if plan.in_sync:
        return f"{plan.environment}: in sync, nothing to deploy"
    parts = [count(len(plan.changes), "change"), risk(plan)]
    if plan.refusals:
        parts.append(f"refused by {count(len(plan.refusals), 'guard')}")
    return f"{plan.environment}: {', '.join(parts)}"


def risk(plan: Plan) -> str:
    """`risk 12 of at most 20`; a first deployment has no limit."""
    limit = plan.verdict.limit
    return f"risk {plan.verdict.risk}" + (f" of at most {limit}" if limit is not None else ", first deployment")


def change_lines(changes: tuple[Change, ...]) -> Iterator[tuple[str, int]]:
    """(line, changes said by it): one line for a document that comes or goes, otherwise one for the document
    and below it, indented, one for each change. Every line begins with its symbol."""
    for document, group in groupby(changes, key=lambda change: change.document):
        together = tuple(group)
        symbol = SYMBOLS[together[0].action]
        title = f"{symbol} {document} {_versions(together[0])} ({together[0].owner})"
        if together[0].action != "change":
            yield f"{title} {_said(together[0])}", 1
            continue
        yield title, 0
        for change in together:
            yield f"{symbol}   {_said(change)}", 1


def limit_line(refusal: Refusal) -> str:
    """`people-approve: 1 change, at most 0: A call that …`"""
    reason = clip(refusal.reason, 300)
    if refusal.guard == VALID:
        return f"{refusal.guard}: {reason}"
    found = f"risk {refusal.found}" if refusal.guard == MAX_RISK else count(refusal.found, "change")
    return f"{refusal.guard}: {found}, at most {refusal.limit}: {reason}"


def _lines(plan: Plan) -> Iterator[str]:
    yield headline(plan)
    yield f"  live    {plan.live or 'nothing'}"
    yield f"  desired {plan.desired}"
    if not plan.in_sync:
        yield f"  meaning {plan.meaning}"
    if plan.changes:
        yield ""
        yield from (line for line, _ in change_lines(plan.changes))
    if plan.verdict.used:
        yield ""
        yield f"Overridden by {', '.join(plan.verdict.used)}."
    if plan.refusals:
        yield ""
        yield from _refusals(plan)
    if not plan.in_sync:
        yield ""
        yield f"Plan {plan.digest}"
        if not plan.refusals:
            yield f"Deploy exactly this: moor deploy {plan.environment} --plan {plan.digest}"


def _refusals(plan: Plan) -> Iterator[str]:
    yield f"Refused by {count(len(plan.refusals), 'guard')}:"
    for refusal in plan.refusals:
        yield f"  {limit_line(refusal)}"
        yield from (f"      {text}" for text in refusal.changes[:SHOWN])
        if len(refusal.changes) > SHOWN:
            yield f"      … and {count(len(refusal.changes) - SHOWN, 'change')} more"
        yield from (f"      {text}" for text in refusal.ignored)
    for file, snippet in override_snippet(plan):
        yield ""
        yield f"To let this plan pass, an owner commits {file}:"
        yield ""
        yield from (f"    {line}" for line in snippet.splitlines())


def _said(change: Change) -> str:
    weight = f", risk {change.risk}" if change.risk else ""
    return f"{change.sentence}  [{change.code}{weight}]"


def _versions(change: Change) -> str:
    old, new = change.versions
    return f"{old} → {new}" if old and new and old != new else str(new or old)
