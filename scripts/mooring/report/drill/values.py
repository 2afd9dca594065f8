"""What a report of drills says: figures and verdict, without the thousands of answers behind them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from mooring.drill.arms.names import HEAD, WITHOUT, WORDS
from mooring.drill.measure import Figures
from mooring.drill.quantities import Interval, difference
from mooring.drill.run import Drilled, Lines
from mooring.drill.verdict import SCORES, Judgement
from mooring.errors import Refused
from mooring.outcome import Reason

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORMAT = "mooring.drill/v1"

YEAR_HOURS = 8760.0


@dataclass(frozen=True)
class Arm:
    """One arm of a drill; `figures` is None where it crashed with `error`. `release` is a digest."""

    name: str
    words: str
    release: str
    figures: Figures | None
    error: str


@dataclass(frozen=True)
class Bought:
    """What one policy adds to the head: differences of shares with their intervals, and the others as (with, without).

    `first` is of what L0 answers.
    """

    policy: str
    availability: Interval
    first: Interval
    p99_seconds: tuple[float, float]
    amplification: tuple[float | None, float | None]

    @property
    def tells(self) -> bool:
        """Whether an interval excludes that it makes no difference."""
        return any(each.low > 0 or each.high < 0 for each in (self.availability, self.first))


@dataclass(frozen=True)
class Trace:
    """One drill. `incidents`, `episodes` and those `lived` through are counted over all `seeds`."""

    name: str
    description: str
    hours: float
    late_seconds: float
    seeds: tuple[int, ...]
    incidents: int
    episodes: int
    lived: int
    questions: int
    arms: tuple[Arm, ...]
    bought: tuple[Bought, ...]

    @property
    def year(self) -> bool:
        """Whether it stands for a year, so that shares of it are hours a year."""
        return self.hours >= YEAR_HOURS

    @property
    def compared(self) -> tuple[Arm, ...]:
        """Arms that are whole: all but those that lack one policy of the head."""
        return tuple(arm for arm in self.arms if not arm.name.startswith(WITHOUT))

    def figures(self, arm: str) -> Figures | None:
        return next((each.figures for each in self.arms if each.name == arm), None)


@dataclass(frozen=True)
class Report:
    """All that is rendered. `changed` are sentences about what the change does to policies."""

    judgement: Judgement
    changed: tuple[str, ...]
    traces: tuple[Trace, ...]

    @classmethod
    def of(cls, drilled: Mapping[str, Drilled], judgement: Judgement, changed: Sequence[str] = ()) -> Self:
        return cls(judgement, tuple(changed), tuple(_trace(each) for each in drilled.values()))

    def trace(self, name: str) -> Trace | None:
        return next((each for each in self.traces if each.name == name), None)

    def data(self) -> dict[str, Any]:
        """As JSON values: no wall-clock times and no paths, so that the same seed gives the same bytes."""
        return {"format": FORMAT, "verdict": self.judgement.outcome, "simulated": True, **asdict(self)}

    def to_json(self) -> str:
        return json.dumps(self.data(), sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def parse(content: str | bytes) -> Report:
    """Reads `Report.to_json`, whoever wrote it. Refused(TAMPERED) when it is something else."""
    from pydantic import ValidationError

    try:
        return _adapter().validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Refused(Reason.TAMPERED, f"this is no report of drills: {place}: {first['msg']}") from None


@cache
def _adapter() -> "TypeAdapter[Report]":
    from pydantic import TypeAdapter

    return TypeAdapter(Report)


def _trace(drilled: Drilled) -> Trace:
    drill = drilled.drill
    told = [lines for lines in drilled.arms.values() if lines.figures]
    return Trace(
        name=drill.name,
        description=drill.description,
        hours=drill.hours,
        late_seconds=float(drill.late_seconds),
        seeds=tuple(sorted({answer.seed for answer in told[0].answers})) if told else (),
        incidents=drilled.incidents,
        episodes=drilled.episodes,
        lived=drilled.lived,
        questions=max((lines.figures.questions for lines in told if lines.figures), default=0),
        arms=tuple(
            Arm(name, WORDS[name], each.release, each.figures, each.error) for name, each in drilled.arms.items()
        ),
        bought=tuple(_bought(drilled)),
    )


def _bought(drilled: Drilled) -> Iterator[Bought]:
    """Of each arm that lacks one policy, beside the head."""
    head = drilled.arms.get(HEAD)
    for name, less in drilled.arms.items():
        if name.startswith(WITHOUT) and head and head.figures and less.figures:
            yield Bought(
                name.removeprefix(WITHOUT),
                _gain(less, head, "availability"),
                _gain(less, head, "answered by L0"),
                (head.figures.p99_seconds, less.figures.p99_seconds),
                (head.figures.amplification, less.figures.amplification),
            )


def _gain(less: Lines, head: Lines, what: str) -> Interval:
    return difference(less.answers, head.answers, SCORES[what])
