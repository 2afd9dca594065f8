"""What tuning a profile found: its front of points, the proof on traces that it never saw, as rows and as data."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from mooring.change.wording import count
from mooring.drill.quantities import Interval
from mooring.drill.tune.front import THOUSAND, Row
from mooring.drill.tune.lives import Seen
from mooring.drill.tune.space import TODAY, Point
from mooring.drill.tune.tune import Tuned

FRONT = ("POINT", "AVAILABILITY", "WORST P99", "MEAN", f"USD PER {THOUSAND:,}", "CHANGES")
PROOF = ("HELD OUT", "AVAILABILITY", "P99", "MEAN", f"USD PER {THOUSAND:,}", "AMPLIFICATION")


def front_rows(tuned: Tuned) -> list[tuple[str, ...]]:
    """Today's profile, and each point that no other beats in everything; the chosen one is marked."""
    rows = [tuned.today, *(each for each in tuned.front if each.summary.point != TODAY)]
    return [_row(_name(number, each.summary.point, tuned.chosen), each) for number, each in enumerate(rows)]


def _name(number: int, point: Point, chosen: Point) -> str:
    name = f"{number}" if point != TODAY else "today"
    return f"{name} (best)" if point == chosen else name


def _row(name: str, row: Row) -> tuple[str, ...]:
    return (
        name,
        _share(row.availability),
        _seconds(row.p99_seconds),
        _seconds(row.mean_seconds),
        _number(row.cost_usd, 3),
        str(row.summary.point),
    )


def proof_rows(tuned: Tuned) -> list[tuple[str, ...]]:
    """Today's figures and those of the chosen point, by trace; none without a proof."""
    return list(_proof_rows(tuned))


def _proof_rows(tuned: Tuned) -> Iterator[tuple[str, ...]]:
    proof = tuned.proof
    for one, other in zip(proof.today, proof.chosen, strict=True) if proof else ():
        before, after = one.figures, other.figures
        yield (
            one.trace.name if one.trace.name in tuned.split.unseen else f"{one.trace.name} (other seeds)",
            f"{before.availability.value * 100:.2f} -> {after.availability.value * 100:.2f} %",
            f"{before.p99_seconds:.1f} -> {after.p99_seconds:.1f} s",
            f"{before.mean_seconds:.2f} -> {after.mean_seconds:.2f} s",
            f"{before.cost_usd * THOUSAND:.2f} -> {after.cost_usd * THOUSAND:.2f}",
            f"{_times(before.amplification)} -> {_times(after.amplification)}",
        )


def sentence(tuned: Tuned) -> str:
    """The result in one sentence."""
    name = tuned.profile.name
    if tuned.proof is None:
        return f"{name} stays as it is: none of {count(tuned.tried, 'point')} that were tried is better"
    gain = tuned.proof.gained
    if tuned.proof.why_not:
        return f"{name} stays as it is: the best point does not beat it on traces held out, since {tuned.proof.why_not}"
    worth = f"{gain.value * 100:.2f} % of availability or as much time ({gain.low * 100:.2f} to {gain.high * 100:.2f})"
    return f"the best point beats {name} on traces that the search never saw, by {worth}"


def about(tuned: Tuned) -> str:
    """What was searched, in one line."""
    unseen = ", ".join(tuned.split.unseen)
    return (
        f"{count(tuned.tried, 'point')} on {count(len(tuned.split.search), 'simulated trace')}, never on {unseen};"
        f" at most {tuned.limits.cost_usd:.3g} USD for {THOUSAND:,} answers"
    )


def data(tuned: Tuned) -> dict[str, Any]:
    """JSON-able: shares are 0..1, times in seconds, costs in USD for a thousand answers."""
    proof = tuned.proof
    traces = zip(proof.today, proof.chosen, strict=True) if proof else ()
    return {
        "profile": tuned.profile.name,
        "evaluations": tuned.evaluations,
        "tried": tuned.tried,
        "cost_limit_usd": tuned.limits.cost_usd,
        "search": [trace.name for trace in tuned.split.search],
        "unseen": list(tuned.split.unseen),
        "today": _row_data(tuned.today),
        "front": [_row_data(each) for each in tuned.front],
        "chosen": dict(tuned.chosen.changes),
        "better": tuned.better,
        "why_not": proof.why_not if proof else "",
        "gained": asdict(proof.gained) if proof else None,
        "held_out": [
            {"drill": one.trace.name, "seeds": list(one.trace.seeds), "today": _figures(one), "chosen": _figures(other)}
            for one, other in traces
        ],
    }


def _row_data(row: Row) -> dict[str, Any]:
    measured = {
        "availability": row.availability,
        "p99_seconds": row.p99_seconds,
        "mean_seconds": row.mean_seconds,
        "cost_usd": row.cost_usd,
    }
    missed = list(row.summary.missed)
    return {"changes": dict(row.summary.point.changes), "missed": missed} | {k: asdict(v) for k, v in measured.items()}


def _figures(seen: Seen) -> dict[str, Any]:
    return {name: value for name, value in seen.figures.data().items() if name != "recoveries"}


def _share(found: Interval) -> str:
    return f"{found.value * 100:.2f} % ({found.low * 100:.2f} to {found.high * 100:.2f})"


def _seconds(found: Interval) -> str:
    return f"{_number(found, 1 if found.value >= 10 else 2)} s"


def _number(found: Interval, digits: int) -> str:
    return f"{found.value:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def _times(found: float | None) -> str:
    return "-" if found is None else f"{found:.2f}"
