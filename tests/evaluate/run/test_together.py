"""Two releases are asked at the same time, on one budget."""

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from mooring.evaluate.budget import spent
from mooring.evaluate.run import Options, Part, run_together
from mooring.evaluate.values import Results
from mooring.release.release import Release
from tests.evaluate.run.conftest import KEYS, MakeSuite
from tests.repository import CONTENT
from tests.runtime.stub import Reply, Stub

pytestmark = pytest.mark.slow

SIDES = ("primary-1", "primary-2")


def other(release: Release) -> Release:
    """The same but for the model's id."""
    models = dict(release.content.models)
    name = next(name for name, model in models.items() if model.id == SIDES[0])
    models[name] = models[name].model_copy(update={"id": SIDES[1]})
    return Release.of(release.content.model_copy(update={"models": models}))


def both(stub: Stub, release: Release, suite: MakeSuite, folder: Path, budget: float | None = None) -> list[Results]:
    for side in SIDES:
        stub.script(side, Reply("hello", delay=0.05))
    asked = suite(*["hi"] * 20, repeats=2)
    rules = CONTENT / "evals/simulator"
    options = Options("live", rules, folder, folder, environ=KEYS, concurrency=4, budget_usd=budget)
    return run_together(
        [
            Part(each, {asked.name: asked}, replace(options, journal=folder / f"{number}.jsonl"), lambda trial: None)
            for number, each in enumerate((release, other(release)))
        ]
    )


def test_neither_side_is_asked_much_before_the_other(
    stub: Stub, release: Release, suite: MakeSuite, tmp_path: Path
) -> None:
    base, head = both(stub, release, suite, tmp_path)
    assert (len(base.trials), len(head.trials), base.complete, head.complete) == (40, 40, True, True)
    turns = [len(list(run)) for _, run in groupby(body["model"] for body in stub.requests)]
    assert max(turns) < 20


def test_what_one_side_spends_the_other_cannot(stub: Stub, release: Release, suite: MakeSuite, tmp_path: Path) -> None:
    whole = sum(spent(one).total for one in both(stub, release, suite, tmp_path / "whole"))
    results = both(stub, release, suite, tmp_path / "half", budget=whole / 2)
    assert 0 < sum(spent(one).total for one in results) <= whole / 2
    assert not all(one.complete for one in results)
