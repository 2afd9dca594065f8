"""Drills of the tests' own documents."""

from functools import cache
from typing import Any

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.live_through import Job, Lived, live_through
from mooring.drill.trace import expand
from mooring.drill.world import Rules
from mooring.evaluate.evidence import as_asked
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.spec.drill import Drill, Question
from tests.repository import CONTENT

RULES = CONTENT / "evals/simulator"
QUESTION = Question(agent="support", say="What can you do?", expect=r"(?i)orders?\b")


def drill(name: str = "drill", **more: Any) -> Drill:
    """A drill of an hour with few questions."""
    head = {"apiVersion": "mooring/v1", "kind": "Drill", "version": "1.0.0", "description": "x", "owner": "@a/b"}
    return Drill.model_validate(head | {"name": name, "hours": 1, "perMinute": 1} | more)


@cache
def release() -> Release:
    """What the tests' documents make of production."""
    return as_asked(resolve(load_valid(WorkTree(CONTENT)), "production"), "simulated")


@cache
def rules() -> Rules:
    return Rules.of(RULES)


def job(asked: Drill, arm: str = "head", of: Release | None = None, seed: int = 0, *questions: Question) -> Job:
    """What an arm lives through."""
    outages = expand(asked, seed)
    return Job(arm, (of or release()).to_bytes(), asked, questions or (QUESTION,), outages, seed, rules())


def lived(asked: Drill, arm: str = "head", **more: Any) -> Lived:
    """What came of it."""
    return live_through(job(asked, arm, **more))


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Failing vendors are what a drill is about."""
    caplog.set_level("CRITICAL", "mooring.runtime")
