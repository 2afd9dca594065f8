"""Traces and answers without anybody who answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mooring.drill.answer import Answer
from mooring.drill.live_through import Lived
from mooring.drill.measure import figures
from mooring.drill.tune.lives import Seen
from mooring.drill.tune.space import Point
from mooring.drill.tune.traces import Trace
from mooring.spec import Drill
from mooring.spec.drill import Question

ASKED = (Question(agent="support", say="What can you do?", expect="(?i)order"),)


def drill(name: str, **more: Any) -> Drill:
    """An hour in which nothing fails, unless `more` says so."""
    head = {"apiVersion": "mooring/v1", "kind": "Drill", "name": name, "version": "1.0.0"}
    about = {"description": "A trace.", "owner": "@tidewater/platform", "hours": 1, "perMinute": 2}
    return Drill.model_validate(head | about | more)


def trace(name: str, **more: Any) -> Trace:
    return Trace(drill(name, **more), ASKED, (0,), Path("evals/drills"))


def answer(number: int, seconds: float, *, good: bool = True, cost: float = 0.001) -> Answer:
    """To a question that is asked every ten seconds."""
    return Answer(
        seed=0,
        number=number,
        at=number * 10.0,
        seconds=seconds,
        weight=1.0,
        cluster=0,
        stratum="whole",
        rung="L0" if good else "L4",
        right=good,
        error="",
        calls=1,
        sick=True,
        sick_calls=0,
        cost_usd=cost,
        late=False,
    )


def seen(point: Point, at: Trace, answers: Sequence[Answer]) -> Seen:
    """What came of a trace at a point."""
    return Seen(point, at, figures([Lived(tuple(answers))], at.outages), tuple(answers))
