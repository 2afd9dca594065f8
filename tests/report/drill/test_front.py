"""What a person reads of a search."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.quantities import Interval
from mooring.drill.tune.front import Limits, row
from mooring.drill.tune.space import TODAY, Point
from mooring.drill.tune.traces import Split
from mooring.drill.tune.tune import Proof, Tuned
from mooring.report.drill.front import FRONT, PROOF, about, data, front_rows, proof_rows, sentence
from mooring.spec import Resilience
from tests.drill.tune.made_up import answer, seen, trace
from tests.repository import CONTENT

POINT = Point((("breaker.consecutiveFailures", 2), ("retry.tries", 2)))
LIMITS = Limits(30.0, 1.1)


@pytest.fixture
def tuned() -> Tuned:
    hang, tail = trace("hang"), trace("tail")
    slow = tuple(seen(TODAY, at, [answer(number, 9.0) for number in range(50)]) for at in (hang, tail))
    quick = tuple(seen(POINT, at, [answer(number, 2.5) for number in range(50)]) for at in (hang, tail))
    return Tuned(
        profile=load_valid(WorkTree(CONTENT)).all(Resilience)["standard"],
        split=Split((hang,), (hang.at([1000]), tail.at([1000])), ("tail",)),
        limits=LIMITS,
        evaluations=40,
        tried=12,
        today=row(slow, LIMITS),
        front=(row(quick, LIMITS),),
        chosen=POINT,
        proof=Proof(slow, quick, Interval(0.005, 0.0065, 0.008), ""),
    )


def test_today_comes_first_and_the_best_is_marked(tuned: Tuned) -> None:
    today, best = front_rows(tuned)
    assert len(today) == len(best) == len(FRONT)
    assert (today[0], best[0]) == ("today", "1 (best)")
    assert today[3].startswith("9.00 (")
    assert best[-1] == "breaker.consecutiveFailures 2, retry.tries 2"


def test_today_is_one_row_when_it_is_on_the_front(tuned: Tuned) -> None:
    rows = front_rows(replace(tuned, front=(tuned.today,), chosen=TODAY))
    assert [each[0] for each in rows] == ["today (best)"]


def test_held_out_figures_stand_side_by_side(tuned: Tuned) -> None:
    hang, tail = proof_rows(tuned)
    assert len(hang) == len(PROOF)
    assert (hang[0], tail[0]) == ("hang (other seeds)", "tail")
    assert hang[1:4] == ("100.00 -> 100.00 %", "9.0 -> 2.5 s", "9.00 -> 2.50 s")
    assert not proof_rows(replace(tuned, proof=None))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "the best point beats standard on traces that the search never saw"),
        ({"proof": None}, "standard stays as it is: none of 12 points that were tried is better"),
    ],
)
def test_the_result_is_one_sentence(tuned: Tuned, change: dict[str, Any], words: str) -> None:
    assert sentence(replace(tuned, **change)).startswith(words)


def test_why_a_point_is_not_written_is_said(tuned: Tuned) -> None:
    assert tuned.proof is not None
    lost = replace(tuned, proof=replace(tuned.proof, why_not="it loses 2 % of availability in tail"))
    assert not lost.better
    assert sentence(lost).endswith("since it loses 2 % of availability in tail")


def test_it_says_that_traces_are_simulated_and_which_were_held_out(tuned: Tuned) -> None:
    assert about(tuned) == "12 points on 1 simulated trace, never on tail; at most 1.1 USD for 1,000 answers"


def test_data_is_json(tuned: Tuned) -> None:
    told = json.loads(json.dumps(data(tuned)))
    assert told["better"] is True
    assert told["chosen"] == {"breaker.consecutiveFailures": 2, "retry.tries": 2}
    assert [each["drill"] for each in told["held_out"]] == ["hang", "tail"]
    assert told["held_out"][0]["today"]["p99_seconds"] == 9.0
    assert told["front"][0]["availability"] == {"low": 1.0, "value": 1.0, "high": 1.0}
