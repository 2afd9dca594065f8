"""The page of scale and its picture say what the command says of the committed figures."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import COMMITTED, read
from mooring.drill.scale.limits import limits
from mooring.drill.scale.plan import plan
from mooring.drill.scale.scaled import RATES, scale
from mooring.report.scale.page import page
from mooring.report.scale.picture import picture
from mooring.report.scale.units import short
from tests.drill.scale.made_up import figures

FOLDER = Path(__file__).parents[3] / ".github"
PAGE, PICTURE = FOLDER / "SCALING.md", FOLDER / "scaling.svg"
GIVEN = Assumptions()


def same(file: Path, text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--bless"):
        file.write_text(text, encoding="utf-8")
    told = f"{file.name} is not of {COMMITTED.name}: python -m pytest {request.node.path} --bless"
    assert file.read_text(encoding="utf-8") == text, told


@pytest.mark.slow
def test_the_page_is_what_the_command_says(request: pytest.FixtureRequest) -> None:
    measured = read()
    same(PAGE, page(scale(RATES, measured, GIVEN, 0, lambda _: None), measured, GIVEN), request)


def test_the_picture_is_of_the_committed_figures(request: pytest.FixtureRequest) -> None:
    same(PICTURE, picture(RATES, read(), GIVEN), request)


def test_the_page_has_the_end_of_every_part() -> None:
    """Without simulating anything, so that a changed figure is noticed at once."""
    text, measured = PAGE.read_text(encoding="utf-8"), read()
    for rate in RATES:
        for end in limits(plan(rate, measured, GIVEN), measured, GIVEN):
            assert re.search(
                rf"^\| {re.escape(end.part)}( \*)? \| {re.escape(short(end.rate))}/min ", text, re.MULTILINE
            ), end


def test_the_picture_draws_each_part_the_nearest_first() -> None:
    drawn = ElementTree.fromstring(picture((1, 10, 1e7), figures(), GIVEN))
    bars = [float(bar.get("width", 0)) for bar in drawn.findall(".//{*}rect") if bar.get("class") in ("bar", "first")]
    assert len(bars) == 6
    assert bars == sorted(bars)
    assert all(0 < bar < 860 for bar in bars)
