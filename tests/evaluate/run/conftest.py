"""A small release, suites made on the spot, and the stub that plays models and services."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate.run import Options, run_suites
from mooring.evaluate.values import Results, Trial
from mooring.release.release import Release
from mooring.spec import EvalSuite
from tests.repository import CONTENT
from tests.runtime.hosting import listening
from tests.runtime.sample import sample
from tests.runtime.stub import Stub

ROOT = Path(__file__).parents[3]
KEYS = {"PRIMARY_KEY": "k", "ALTERNATE_KEY": "k", "SMALL_KEY": "k"}

MakeSuite = Callable[..., EvalSuite]
Evaluate = Callable[..., Results]


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A scripted server, listening."""
    with listening() as made:
        yield made


@pytest.fixture
def suite() -> MakeSuite:
    """Makes a suite from cases; a plain text is a case's message."""

    def make(*cases: Any, agent: str = "support", name: str = "asked", **more: Any) -> EvalSuite:
        head = {"apiVersion": "mooring/v1", "kind": "EvalSuite", "name": name, "version": "1.0.0"}
        about = {"description": "Some questions.", "owner": "@tidewater/support", "agent": agent}
        tests = [
            {"id": f"case-{n}", "vars": {"message": case}} if isinstance(case, str) else case
            for n, case in enumerate(cases)
        ]
        return EvalSuite.model_validate({**head, **about, "tests": tests, **more})

    return make


@pytest.fixture
def release(stub: Stub) -> Release:
    """Its models are at the stub, with keys and without."""
    content = sample().content
    models = {name: model.model_copy(update={"base_url": f"{stub.url}/v1"}) for name, model in content.models.items()}
    return Release.of(content.model_copy(update={"models": models}))


@pytest.fixture
def evaluate(stub: Stub, release: Release, tmp_path: Path) -> Evaluate:
    """Runs a suite, in worker processes, with the stub as simulator; what is given changes the options."""

    def run(suite: EvalSuite, on_trial: Callable[[Trial], None] = lambda trial: None, **more: Any) -> Results:
        given = {
            "evidence": "simulated",
            "rules": CONTENT / "evals/simulator",
            "recordings": tmp_path / "recordings",
            "journal": tmp_path / "trials.jsonl",
            "simulator_url": stub.url,
            "environ": KEYS,
        }
        chosen_release = more.pop("release", release)
        return run_suites(chosen_release, {suite.name: suite}, Options(**{**given, **more}), on_trial)

    return run
