"""By what results that were paid for are found again."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.evaluate.baselines import key_of
from mooring.evaluate.run import Options, plan
from mooring.release.resolve import resolve
from mooring.spec import EvalSuite, Model
from tests.repository import CONTENT

ROOT = Path(__file__).parents[3]
CATALOG = load_valid(WorkTree(CONTENT))
JUDGED = "support/style"
SUITES = {JUDGED: CATALOG.all(EvalSuite)[JUDGED]}
PLANNED = plan(resolve(CATALOG, "local"), SUITES, Options("simulated", Path(), Path(), Path()))


@pytest.fixture
def options() -> Options:
    return Options("live", Path(), Path(), Path(), models=CATALOG.all(Model), calibration=CONTENT / "evals/calibration")


def test_the_same_questions_have_the_same_name(options: Options) -> None:
    assert key_of(PLANNED, options) == key_of(PLANNED, replace(options, budget_usd=3.0))


def test_a_judge_whose_model_changed_judges_otherwise(options: Options) -> None:
    judge = SUITES[JUDGED].judge
    assert judge is not None
    model = options.models[judge.model]
    hotter = {**options.models, judge.model: model.model_copy(update={"description": "Another one."})}
    assert key_of(PLANNED, options) != key_of(PLANNED, replace(options, models=hotter))


def test_a_judge_that_must_agree_with_other_labels_judges_otherwise(options: Options, tmp_path: Path) -> None:
    shutil.copytree(options.calibration, tmp_path / "labels")
    (file,) = (tmp_path / "labels").rglob("*.yaml")
    file.write_text(file.read_text().replace("label: pass", "label: fail", 1))
    assert key_of(PLANNED, options) != key_of(PLANNED, replace(options, calibration=tmp_path / "labels"))


def test_another_seed_asks_in_another_order(options: Options) -> None:
    assert key_of(PLANNED, options) != key_of(PLANNED, replace(options, seed=1))
