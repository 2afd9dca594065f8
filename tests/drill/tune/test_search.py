"""The search, where points are judged by a formula."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from mooring.drill.tune.front import Limits
from mooring.drill.tune.lives import Seen
from mooring.drill.tune.search import Search
from mooring.drill.tune.space import TODAY, Dimension, Point, Space
from mooring.drill.tune.traces import Trace
from tests.drill.tune.made_up import answer, seen, trace

SPACE = Space(tuple(Dimension(name, tuple(range(8)), 1) for name in "abcd"))
BEST = {"a": 6, "b": 3, "c": 1, "d": 0}
TRACES = [trace(name) for name in ("calm", "hang", "burn", "tail", "year")]


def distance(point: Point) -> float:
    values = {"a": 1, "b": 1, "c": 1, "d": 1} | dict(point.changes)
    return sum(abs(float(values[name] or 0) - wanted) for name, wanted in BEST.items())


@dataclass
class Formula:
    """Answers are the later the further a point is from the best; traces differ by how much that matters."""

    asked: list[tuple[Point, str]] = field(default_factory=list)
    stop_after: float = float("inf")
    crashing: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, pairs: Sequence[tuple[Point, Trace]]) -> Iterator[Seen]:
        for point, at in pairs:
            if len(self.asked) >= self.stop_after:
                raise KeyboardInterrupt
            self.asked.append((point, at.name))
            if any(dict(point.changes).get(name) == value for name, value in self.crashing.items()):
                continue
            matters = 1 + TRACES.index(at) / 10
            seconds = [1 + distance(point) * matters + number % 7 / 10 for number in range(40)]
            yield seen(point, at, [answer(number, each) for number, each in enumerate(seconds)])


def search(ask: Formula, allowed: object = None) -> Search:
    return Search(SPACE, lambda point: point not in ([allowed] if allowed else []), ask, TRACES, Limits(None, 100))


@pytest.mark.slow
def test_the_best_point_is_found() -> None:
    found = search(Formula())
    found.run(600, seed=0)
    assert distance(found.best) == 0
    assert found.summary(found.best).loss < found.summary(TODAY).loss


@pytest.mark.slow
def test_what_makes_no_difference_stays_as_it_is() -> None:
    idle = Space((*SPACE.dimensions, Dimension("idle", tuple(range(8)), 4)))
    found = Search(idle, lambda point: True, Formula(), TRACES, Limits(None, 100))
    found.run(900, seed=3)
    assert any("idle" in dict(point.changes) for point in found.whole)
    assert "idle" not in dict(found.best.changes)


@pytest.mark.slow
def test_few_evaluations_find_a_better_one() -> None:
    found = search(Formula())
    found.run(60, seed=0)
    assert distance(found.best) < distance(TODAY)


@pytest.mark.parametrize("evaluations", [1, 5, 6, 7, 30, 200])
def test_no_more_is_asked_than_was_allowed(evaluations: int) -> None:
    ask = Formula()
    found = search(ask)
    found.run(evaluations, seed=1)
    assert len(ask.asked) == found.spent <= max(evaluations, len(TRACES))
    assert found.best in found.whole


@pytest.mark.slow
def test_nothing_is_asked_twice() -> None:
    ask = Formula()
    search(ask).run(300, seed=2)
    assert len(set(ask.asked)) == len(ask.asked)


@pytest.mark.slow
def test_bad_points_see_few_traces() -> None:
    ask = Formula()
    search(ask).run(200, seed=0)
    points = {point for point, _ in ask.asked}
    assert len(ask.asked) < len(points) * len(TRACES) * 0.7


def test_the_trace_in_which_today_is_slowest_comes_first() -> None:
    ask = Formula()
    found = search(ask)
    found.run(30, seed=0)
    assert [at.name for at in found.order] == ["year", "tail", "burn", "hang", "calm"]
    assert ask.asked[len(TRACES)][1] == "year"


@pytest.mark.slow
def test_the_same_seed_searches_the_same() -> None:
    one, two, other = Formula(), Formula(), Formula()
    search(one).run(120, seed=5)
    search(two).run(120, seed=5)
    search(other).run(120, seed=6)
    assert one.asked == two.asked != other.asked


@pytest.mark.slow
def test_a_point_that_is_not_allowed_is_never_asked() -> None:
    ask = Formula()
    forbidden = SPACE.point({"a": 2})
    search(ask, forbidden).run(400, seed=0)
    assert forbidden not in {point for point, _ in ask.asked}
    assert SPACE.point({"b": 2}) in {point for point, _ in ask.asked}


@pytest.mark.slow
def test_points_that_crash_are_passed_over() -> None:
    ask = Formula(crashing={"a": 6})
    found = search(ask)
    found.run(400, seed=0)
    assert distance(found.best) == 1
    assert any(dict(point.changes).get("a") == 6 for point, _ in ask.asked)


@pytest.mark.slow
def test_a_search_that_is_stopped_knows_the_best_so_far() -> None:
    whole = search(Formula())
    whole.run(600, seed=0)
    found = search(Formula(stop_after=whole.spent - 5))
    with pytest.raises(KeyboardInterrupt):
        found.run(600, seed=0)
    assert len(found.whole) > 1
    assert distance(found.best) < distance(TODAY)
