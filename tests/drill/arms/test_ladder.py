"""The arm that a search asks, beside the slot that it stands for."""

from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.arms.names import HEAD, LADDER
from mooring.drill.live_through import Job, Lived, live_through
from mooring.drill.run import as_drilled
from mooring.drill.trace import expand
from mooring.release.resolve import resolve
from mooring.spec import Drill
from tests.drill.conftest import rules
from tests.repository import CONTENT

pytestmark = pytest.mark.slow

QUESTIONS = [
    {"agent": "support", "say": "What can you do?", "expect": r"(?i)orders?\b"},
    {"agent": "support", "say": "Where is A-1002?", "expect": r"A-1002\b.*\bshipped", "stream": True},
    {"agent": "support", "say": "Where is A-1001?", "expect": "A-1001"},
    {"agent": "incident", "say": "What can you do?", "expect": "(?i)metrics", "turns": 2},
]
INCIDENTS = [
    {"rung": "L0", "mode": "down", "severity": 0.5, "start": 0.03, "end": 0.1},
    {"rung": "L0", "mode": "hang", "start": 0.1, "end": 0.2},
    {"rung": "L1", "mode": "cut", "start": 0.15, "end": 0.2},
    {"rung": "L2", "mode": "down", "start": 0.18, "end": 0.2},
]


def lived(arm: str, folder: Path, **more: Any) -> Lived:
    head = {"apiVersion": "mooring/v1", "kind": "Drill", "name": "short", "version": "1.0.0", "description": "Short."}
    about = {"owner": "@tidewater/platform", "hours": 0.25, "perMinute": 8, "questions": QUESTIONS}
    drill = Drill.model_validate(head | about | {"incidents": INCIDENTS} | more)
    release = as_drilled(resolve(load_valid(WorkTree(CONTENT)), "local"))
    job = Job(arm, release, drill, drill.questions, expand(drill, 0), 0, rules())
    return live_through(job, within=folder)


def test_the_ladder_alone_answers_as_the_slot_does(tmp_path: Path) -> None:
    whole, alone = (lived(arm, tmp_path).answers for arm in (HEAD, LADDER))
    assert len(whole) > 80
    assert {answer.rung for answer in whole} >= {"L0", "L1", "L2"}
    same = [
        (one.rung, one.right, one.calls, round(one.seconds, 3))
        == (other.rung, other.right, other.calls, round(other.seconds, 3))
        for one, other in zip(whole, alone, strict=True)
    ]
    assert sum(same) > 0.97 * len(same)
    assert sum(answer.cost_usd for answer in alone) == pytest.approx(sum(answer.cost_usd for answer in whole), rel=0.02)


def test_it_ends_the_same_each_time_tools_and_all(tmp_path: Path) -> None:
    assert lived(LADDER, tmp_path) == lived(LADDER, tmp_path)
    assert not list(tmp_path.iterdir())
