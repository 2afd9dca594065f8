"""Sentences about verdicts and traces, the same in every format."""

from collections.abc import Iterator

from mooring.change.wording import clip, count
from mooring.drill.arms.names import BASE, BASELINE, HEAD
from mooring.drill.verdict import Loss, Miss
from mooring.report.drill.units import hours, length, number, percent
from mooring.report.drill.values import Report, Trace

LONGEST = 300
"""Characters of a text from a document or an error."""

GLOSSARY = (
    "available: right answers from a model (L0 to L2), in time",
    "L3, L4: answered by the prepared answer, or by the apology with a ticket",
    "degraded: not answered by L0, the first model",
    "masked: incidents in which no question failed",
    "MTTR: from the first failed answer of an incident until answers are right again",
    "to sick vendor: calls to the first vendor while it fails, for each it gets when it is well",
)
"""What the columns mean."""


DOUBLES = (
    "In virtual time no database is written, no health check runs, and services and Python tools take no time of their "
    "own. moor drill --live has real processes."
)
"""What in the drill is not what serves."""

ABSENT = (
    "LiteLLM's Router is no arm: its cooldowns go by the machine's own clock, which stands still in virtual time, so a "
    "model that failed would never be asked again."
)
"""What one would look for among the arms."""


def notes(report: Report) -> tuple[str, ...]:
    """What is to be known of a report beside what its columns mean."""
    rivals = any(arm.name == "fallback" for each in report.traces for arm in each.arms)
    return (DOUBLES, ABSENT) if rivals else (DOUBLES,)


def title(report: Report) -> str:
    """The first line of every format."""
    traces = report.traces
    seeds = tuple(sorted({seed for each in traces for seed in each.seeds}))
    drawn = f"; seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}" if seeds else ""
    if len(traces) == 1:
        return f"{trace(traces[0])}{drawn}"
    asked = sum(each.questions for each in traces)
    told = _lived(
        *(sum(numbers) for numbers in zip(*((e.incidents, e.episodes, e.lived) for e in traces), strict=True))
    )
    return f"simulated trace of {len(traces)} drills: {told}; {asked:,} questions to each arm{drawn}"


def trace(each: Trace) -> str:
    """`simulated trace two-vendor-year, 8,760 h: 24 of 97 incidents lived through; 1,523 questions to each arm`."""
    return (
        f"simulated trace {each.name}, {each.hours:,g} h: {incidents(each)}; {each.questions:,} questions to each arm"
    )


def incidents(each: Trace) -> str:
    """How many incidents there are, and how many were lived through."""
    return _lived(each.incidents, each.episodes, each.lived)


def _lived(incidents: int, episodes: int, lived: int) -> str:
    found = count(incidents, "incident")
    if not incidents:
        return "no incident, this measures a healthy day"
    if lived == episodes:
        return f"{found}, {'all ' * (incidents > 1)}lived through"
    if episodes == incidents:
        return f"{lived:,} of {found} lived through"
    return f"{found} in {count(episodes, 'episode')}, {lived:,} of them lived through"


def verdict(report: Report) -> str:
    """`fail: 1 target missed, 2 losses against the base`."""
    found = report.judgement
    parts = [
        f"{len(found.losses)} {'loss' if len(found.losses) == 1 else 'losses'} against the base"
        if found.losses
        else "",
        count(len(found.misses), "target") + " missed" if found.misses else "",
        count(len(found.broken), "arm") + " crashed" if found.broken else "",
    ]
    said = ", ".join(filter(None, parts))
    based = any(each.figures(BASE) for each in report.traces)
    against = "and nothing is lost against the base" if based else "and there is no base to compare with"
    return f"{found.outcome}: {said or f'no target is missed, {against}'}"


def loss(one: Loss, each: Trace | None) -> str:
    """`two-vendor-year: availability 99.97 % → 99.61 %, 31 hours a year more down (95 % interval 22 to 41)`."""
    if one.what.endswith("seconds"):
        change = f"{number(one.before)} s → {number(one.after)} s, {number(one.after - one.before)} s more"
        return f"{one.drill}: mean time {change} (95 % interval {number(-one.high)} to {number(-one.low)})"
    change = f"{percent(one.before)} % → {percent(one.after)} %"
    if each and each.year and one.what == "availability":
        lost = f"{hours(one.before - one.after)} hours a year more down"
        return f"{one.drill}: {one.what} {change}, {lost} (95 % interval {hours(-one.high)} to {hours(-one.low)})"
    lost = f"{(one.before - one.after) * 100:.2f} points less"
    return f"{one.drill}: {one.what} {change}, {lost} (95 % interval {-one.high * 100:.2f} to {-one.low * 100:.2f})"


def miss(one: Miss, each: Trace | None) -> str:
    """`two-vendor-year: availability 99.61 %, 34 hours a year down, which must be at least 99.9 % (…)`."""
    least, value = one.value < one.limit, one.value
    down = f", {hours(1 - value)} hours a year down" if one.what == "availability" and each and each.year else ""
    # Times and shares are told apart by their size: a time that is missed is above its limit.
    if one.what == "amplification":
        found, limit = f"{value:.2f}x", f"{one.limit:g}x"
    elif one.what in ("availability", "answered") or (least and one.limit <= 1):
        found, limit = f"{percent(value)} %", f"{one.limit * 100:g} %"
    else:
        found, limit = length(value), length(one.limit)
    what = {"P99 seconds": "P99", "MTTR P95 seconds": "MTTR p95"}.get(one.what, clip(one.what, 80))
    whose = clip(one.said, 80) if one.said.startswith("objective") else "the drill's own target"
    return f"{one.drill}: {what} {found}{down}, which must be at {'least' if least else 'most'} {limit} ({whose})"


def crashed(drill: str, arm: str, error: str) -> str:
    return f"{drill}: {arm} crashed: {clip(error, LONGEST)}"


def reasons(report: Report) -> Iterator[str]:
    """Losses first, then targets missed, then arms that crashed."""
    found = report.judgement
    yield from (loss(one, report.trace(one.drill)) for one in found.losses)
    yield from (miss(one, report.trace(one.drill)) for one in found.misses)
    yield from (crashed(*one) for one in found.broken)


def worth(report: Report) -> Iterator[str]:
    """What the documents are worth beside what people build without them: in a year, or in the one drill there is."""
    for each in report.traces:
        head, other = each.figures(HEAD), next((arm for arm in each.arms if arm.name == BASELINE), None)
        if head and other and other.figures and (each.year or len(report.traces) == 1):
            here, there = (percent(found.availability.value) for found in (head, other.figures))
            yield f"{each.name}: availability {here} %, where {other.words} has {there} %"
