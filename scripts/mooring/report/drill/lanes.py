"""What happened to the questions of one arm, piece by piece of the time axis."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mooring.drill.answer import Answer
from mooring.report.drill.axis import Bin

OUTCOMES = ("L0", "L1", "L2", "L3", "L4", "failed")
"""From the best to the worst."""

MEANS = {
    "L0": "first model",
    "L1": "second model",
    "L2": "third model",
    "L3": "prepared answer",
    "L4": "apology and ticket",
    "failed": "no answer, late or wrong",
}


@dataclass(frozen=True)
class Cell:
    """Questions asked in one piece of time. `counts` are by OUTCOMES, times in seconds.

    `spared` is the share of questions for which the first vendor, which was failing, was not called: its breaker was
    open. None while it does not fail.
    """

    counts: tuple[int, ...]
    median: float
    slowest: float
    spared: float | None

    @property
    def asked(self) -> int:
        return sum(self.counts)


EMPTY = Cell((0,) * len(OUTCOMES), 0.0, 0.0, None)


def outcome(answer: Answer) -> str:
    """One of OUTCOMES."""
    if answer.good:
        return answer.rung
    return answer.rung if answer.rung in ("L3", "L4") and not answer.late else "failed"


def cells(answers: Iterable[Answer], bins: Sequence[Bin]) -> list[Cell]:
    """One for each bin; answers in none of them are left out, as are those that do not count."""
    found: list[list[Answer]] = [[] for _ in bins]
    starts = [each.start for each in bins]
    for answer in answers:
        place = bisect_right(starts, answer.at) - 1
        if answer.weight and place >= 0 and answer.at < bins[place].end:
            found[place].append(answer)
    return [_cell(each) for each in found]


def _cell(answers: Sequence[Answer]) -> Cell:
    if not answers:
        return EMPTY
    counted = Counter(map(outcome, answers))
    seconds = sorted(answer.seconds for answer in answers)
    sick = [answer for answer in answers if answer.sick]
    return Cell(
        tuple(counted[name] for name in OUTCOMES),
        seconds[len(seconds) // 2],
        seconds[-1],
        sum(not answer.sick_calls for answer in sick) / len(sick) if sick else None,
    )
