"""A real run, small: two vendors, one of which is down for a while, and a change that takes the other away."""

import json
from pathlib import Path

import pytest

from mooring.drill.arms.variants import without
from mooring.drill.run import Drilled, Wish, run
from mooring.drill.verdict import judge
from mooring.report.drill import files
from mooring.report.drill.text import drill_text
from tests.drill.conftest import QUESTION, RULES, release
from tests.report.drill.story import outage

pytestmark = pytest.mark.slow

CHANGED = ("support: models.L1 and models.L2 are gone",)


@pytest.fixture(scope="module")
def drilled() -> dict[str, Drilled]:
    lost = without(without(release(), "L1"), "L2")
    asked = outage(perMinute=2).model_copy(update={"questions": (QUESTION,)})
    releases = {"supervised": release(), "base": release(), "head": lost}
    return run(Wish({"outage": asked}, releases, RULES, RULES), lambda drill, arm: None)


def test_a_change_that_loses_an_outage_is_said_with_both_sides(drilled: dict[str, Drilled]) -> None:
    text = drill_text(drilled, judge(drilled, ()), CHANGED).replace("\n  ", " ")
    assert text.startswith("simulated trace outage, 1 h: 1 incident, lived through; ")
    assert "\n- fail: " in text
    assert "\n- outage: availability 100 % → " in text
    assert f"\n~ {CHANGED[0]}\n" in text


def test_the_same_seed_gives_the_same_reports_byte_for_byte(drilled: dict[str, Drilled], tmp_path: Path) -> None:
    asked, lines = drilled["outage"].drill, drilled["outage"].arms
    lost = without(without(release(), "L1"), "L2")
    releases = {arm: lost if arm == "head" else release() for arm in lines}
    again = run(Wish({"outage": asked}, releases, RULES, RULES), lambda drill, arm: None)
    for folder, found in (("one", drilled), ("two", again)):
        files.write(tmp_path / folder, found, judge(found, ()), CHANGED)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    told = json.loads((tmp_path / "one/results.json").read_text(encoding="utf-8"))
    assert str(Path.cwd()) not in json.dumps(told)
