"""The timeline of a drill, as coordinates that a template draws."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from mooring.drill.arms.names import WITHOUT, WORDS
from mooring.drill.run import Drilled
from mooring.drill.schedule import windows
from mooring.drill.trace import Outage
from mooring.report.drill.axis import Axis, Group, axis
from mooring.report.drill.lanes import OUTCOMES, Cell, cells
from mooring.report.drill.paths import HEIGHT, height, latency, path, stacked
from mooring.report.drill.units import clock, length, percent

QUESTIONS = 4
"""In a piece of time of a short trace there are about so many at least: fewer leave holes."""

SPARED = 0.5
"""From this share of questions on, a failing vendor is said to be left alone."""

WIDE = 130.0
"""Units from which on there is room for words in a bar."""


@dataclass(frozen=True)
class Bar:
    """An incident: `height` is the share of calls that it hits, in units; `label` is "" where it does not fit."""

    left: float
    width: float
    height: float
    says: str
    label: str


@dataclass(frozen=True)
class Target:
    """Whom incidents hit."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Lane:
    """One arm: a path for each of OUTCOMES that came up, one of latencies, and one of the time with an open breaker."""

    arm: str
    words: str
    availability: str
    says: str
    paths: tuple[tuple[str, str], ...]
    latency: str
    spared: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Timeline:
    """`incidents` are those drawn, `late` is the height at which answers are late, `ticks` are `(where, text)`.

    `gaps` is a path of the times left out, `bands` one of the times in which something fails.
    """

    axis: Axis
    seed: int
    incidents: tuple[Outage, ...]
    targets: tuple[Target, ...]
    lanes: tuple[Lane, ...]
    policies: tuple[Lane, ...]
    late: float
    ticks: tuple[tuple[float, str], ...]
    gaps: str
    bands: str


def timeline(drilled: Drilled, most: int) -> Timeline | None:
    """Of the first seed; None when no arm has answers. Lanes of a short trace have `most` pieces."""
    told = {arm: lines for arm, lines in drilled.arms.items() if lines.figures and lines.answers}
    if not told:
        return None
    drill, outages = drilled.drill, drilled.outages[0]
    seed = min(answer.seed for lines in told.values() for answer in lines.answers)
    asked = max(sum(answer.seed == seed for answer in lines.answers) for lines in told.values())
    drawn = axis(windows(drill, outages, seed), max(min(most, asked // QUESTIONS), 1))
    lanes = [
        _lane(
            arm,
            percent(lines.figures.availability.value) if lines.figures else "",
            cells((answer for answer in lines.answers if answer.seed == seed), drawn.bins),
            drawn,
        )
        for arm, lines in told.items()
    ]
    targets = tuple(_targets(outages, drawn, drill.hours))
    return Timeline(
        drawn,
        seed,
        tuple(outage for outage in outages if any(_meet(outage, group) for group in drawn.groups)),
        targets,
        tuple(lane for lane in lanes if not lane.arm.startswith(WITHOUT)),
        tuple(lane for lane in lanes if lane.arm.startswith(WITHOUT)),
        height(drill.late_seconds),
        tuple(drawn.ticks()),
        path((one.bins[-1].right, other.bins[0].left, 0.0, HEIGHT) for one, other in pairwise(drawn.groups)),
        path((bar.left, bar.left + bar.width, 0.0, HEIGHT) for target in targets for bar in target.bars),
    )


def _targets(outages: Sequence[Outage], drawn: Axis, whole_hours: float) -> Iterator[Target]:
    hit: dict[str, list[Bar]] = {}
    for outage in outages:
        for name in outage.rungs or (outage.vendor or f"service {outage.failing.service}",):
            for group in drawn.groups:
                if _meet(outage, group):
                    hit.setdefault(name, []).append(_bar(outage, group, whole_hours))
    for name in sorted(hit):
        yield Target(name.replace("service *", "all services"), tuple(hit[name]))


def _meet(outage: Outage, group: Group) -> bool:
    return outage.start < group.end and outage.end > group.start


def _bar(outage: Outage, group: Group, whole_hours: float) -> Bar:
    left, right = group.at(outage.start), group.at(outage.end)
    width = max(right - left, 1.5)
    when = f"{clock(outage.start, whole_hours)} to {clock(outage.end, whole_hours)}, {length(outage.seconds)}"
    label = outage.failing.mode if width >= WIDE else ""
    return Bar(round(left, 2), round(width, 2), max(outage.severity, 0.25) * HEIGHT, f"{outage.says()}: {when}", label)


def _lane(arm: str, availability: str, found: Sequence[Cell], drawn: Axis) -> Lane:
    bins = drawn.bins
    paths = ((name, path(stacked(found, bins, place))) for place, name in enumerate(OUTCOMES))
    spared = path(
        (each.left, each.right, 0.0, HEIGHT)
        for cell, each in zip(found, bins, strict=True)
        if cell.spared is not None and cell.spared >= SPARED
    )
    return Lane(
        arm,
        WORDS[arm],
        availability,
        _says(found),
        tuple(each for each in paths if each[1]),
        latency(found, bins),
        spared,
        tuple(found),
    )


def _says(found: Sequence[Cell]) -> str:
    """The lane in words, for those who do not see it."""
    asked = sum(cell.asked for cell in found)
    counts = [sum(cell.counts[place] for cell in found) for place in range(len(OUTCOMES))]
    parts = [
        f"{number:,} {'' if name == 'failed' else 'by '}{name}"
        for name, number in zip(OUTCOMES, counts, strict=True)
        if number
    ]
    bad = [bool(cell.counts[-1]) for cell in found if cell.asked]
    phases = sum(1 for failing, _ in groupby(bad) if failing)
    often = f", in {phases} {'times' if phases > 1 else 'time'} of failing" if phases else ""
    return f"{asked:,} questions drawn: {', '.join(parts)}{often}" if asked else "nothing was asked"
