"""The page, in a real browser: it looks right, is read with pointer and keys, and runs nothing that a document says."""

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.drill.run import Drilled
from mooring.drill.verdict import judge
from mooring.report import webpage
from mooring.report.drill import page as module
from mooring.report.drill.page import page
from mooring.report.drill.values import Report
from tests.report.browser import Browser
from tests.report.browser import browser as started
from tests.report.contrast import contrast
from tests.report.drill.story import BOUGHT, WORSE, crashed, drill, lived, outage, year
from tests.report.drill.test_markdown import hostile
from tests.report.evaluation.hostile import ATTACK

CSS = webpage.source(module.TEMPLATE)
PRESS = """
    document.querySelector(".timeline").focus();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "%s", bubbles: true, cancelable: true}));
    document.activeElement.querySelector("output").value
"""
LABELS = 'Object.fromEntries([...document.querySelectorAll(".says")].map(n => [n.dataset.lane, n.textContent]))'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests: it takes longer to start than any of them."""
    with started() as found:
        yield found


@pytest.fixture(scope="module")
def story() -> dict[str, Drilled]:
    return {each.drill.name: each for each in (lived(year(), BOUGHT | WORSE), lived(outage(), BOUGHT))}


def rendered(drilled: dict[str, Drilled], changed: tuple[str, ...] = ()) -> str:
    return page(Report.of(drilled, judge(drilled, ()), changed), drilled)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def colors(which: int) -> dict[str, str]:
    """Of the style: 0 light, 1 dark."""
    blocks = CSS.split(":root {")
    found = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block.split("}")[0])) for block in blocks[1:]]
    return found[which] | found[which + 2]


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_shows_who_answered_in_light_and_dark(
    story: dict[str, Drilled], tmp_path: Path, browser: Browser, dark: bool
) -> None:
    with browser.open(written(tmp_path, rendered(story)), width=1200, height=1800, dark=dark) as tab:
        seen = tab.shares()
    style = colors(int(dark))
    assert seen[style["paper"]] > 0.5
    for name in ("L0", "L1", "L3", "failed", "soft"):
        assert seen[style[name]] > 0.0005, name


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_sticks_out_however_narrow(
    story: dict[str, Drilled], tmp_path: Path, browser: Browser, width: int
) -> None:
    with browser.open(written(tmp_path, rendered(story, ("x" * 300,))), width=width) as tab:
        assert tab.value("innerWidth") == width
        assert tab.value("document.documentElement.scrollWidth - innerWidth") == 0


def test_arrow_keys_read_out_every_moment(tmp_path: Path, browser: Browser) -> None:
    with browser.open(written(tmp_path, rendered({"outage": lived(outage())}))) as tab:
        idle = tab.value(LABELS)
        first = tab.value(PRESS % "ArrowRight")
        tab.value(PRESS % "PageDown")
        tab.value(PRESS % "PageDown")
        during = tab.value(PRESS % "PageDown")
        last = tab.value(PRESS % "End")
        assert tab.value("document.querySelector('.lane .cursor').getAttribute('x1')") != "-9"
        tab.value(PRESS % "Escape")
        assert tab.value(LABELS) == idle == {"0": idle["0"], "1": "before the change", "2": "these documents"}
        assert tab.value("document.querySelector('.lane .cursor').getAttribute('x1')") == "-9"
    assert first.startswith("0:00:00 to 0:0")
    assert ": nothing fails. supervised: " in first
    assert ": L0 down. supervised: " in during
    assert " failed; 5 s each. base: " in during
    assert " by L1; 1.8 s each; breaker open" in during
    assert " to 1:00:00: nothing fails." in last


def test_a_pointer_reads_out_where_it_is(tmp_path: Path, browser: Browser) -> None:
    with browser.open(written(tmp_path, rendered({"outage": lived(outage())})), width=1200, height=900) as tab:
        box = tab.value(
            "(b => [b.left, b.top, b.width])(document.querySelector('.lane > svg').getBoundingClientRect())"
        )
        left, top, width = box
        tab.tell("Input.dispatchMouseEvent", type="mouseMoved", x=left + width * 0.4, y=top + 10)
        assert "L0 down" in tab.value("document.querySelector('.now').textContent")
        assert " failed; " in tab.value(LABELS)["0"]
        tab.tell("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
        assert "L0 down" not in tab.value("document.querySelector('.now').textContent")


def test_nothing_that_a_document_says_runs_or_loads(tmp_path: Path, browser: Browser) -> None:
    found = crashed(lived(outage(description=ATTACK), BOUGHT | WORSE), "base", ATTACK)
    report = Report.of({"outage": found}, judge({"outage": found}, ()), (ATTACK,))
    attacked = hostile(report)
    named = replace(attacked, traces=tuple(replace(each, name="outage") for each in attacked.traces))
    text = page(named, {"outage": found})
    assert text.count("<script>") == text.count("<style>") == 1
    with browser.open(written(tmp_path, text)) as tab:
        dom = tab.dom
    assert "<title>inconclusive: drills, simulated</title>" in dom
    assert "<img" not in dom


def test_it_needs_nothing_else_and_says_first_that_it_is_simulated(story: dict[str, Drilled]) -> None:
    text = rendered(story)
    assert re.findall(r"""(?:src|href|action)\s*=\s*["'](?!#)|url\((?!#)|@import|https?:""", text) == []
    assert "default-src 'none'" in html.unescape(text)
    assert re.search(r"<header>\s*<p>simulated trace of 2 drills: ", text)
    assert 'style="' not in text


def test_it_can_be_read_aloud_and_by_keyboard(story: dict[str, Drilled]) -> None:
    text = rendered(story)
    assert '<html lang="en">' in text
    assert len(re.findall(r'<figure class="timeline" tabindex="0" role="group" aria-label="[^"]+arrows', text)) == 2
    assert len(re.findall(r'role="img" aria-label="head: [\d,]+ questions drawn: ', text)) == 2
    assert text.count('aria-live="polite"') == 2
    headings = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert headings[0] == 1
    assert all(other - one <= 2 for one, other in itertools.pairwise(headings))


@pytest.mark.parametrize("which", [0, 1], ids=["light", "dark"])
def test_colors_stand_out_and_are_told_apart_without_hue(which: int) -> None:
    style = colors(which)
    text = {(f, b): contrast(style[f], style[b]) for f in ("ink", "soft", "pass", "fail") for b in ("paper", "card")}
    assert {pair: ratio for pair, ratio in text.items() if ratio < 4.5} == {}
    assert contrast(style["failed"], style["paper"]) >= 3
    assert contrast(style["failed"], style["L0"]) >= 3
    for one, other in (("L0", "L1"), ("L1", "L2"), ("L2", "L3"), ("L3", "L4")):
        assert contrast(style[one], style[other]) >= 1.35, (one, other)


@pytest.mark.slow
def test_twelve_drills_with_ten_arms_stay_small() -> None:
    rules = {"bare": WORSE["supervised"], **BOUGHT, "fallback": WORSE["head"]}
    rules |= {f"without {policy}": WORSE["head"] for policy in ("retries", "hedging", "L2")}
    busy = lived(outage(perMinute=20), rules)
    found = {f"outage-{number}": replace(busy, drill=outage(f"outage-{number}")) for number in range(11)}
    text = rendered(found | {"year": lived(year(), rules)})
    assert len(text.encode()) < 500_000


def test_a_drill_whose_arms_all_crashed_has_no_timeline_and_says_why() -> None:
    found = lived(outage())
    for arm in found.arms:
        found = crashed(found, arm, "OSError: full")
    text = rendered({"outage": found})
    assert "<figure" not in text
    assert text.count("outage: head crashed: OSError: full") == 2


def test_a_healthy_day_is_said_to_be_one() -> None:
    assert "no incident, this measures a healthy day" in rendered({"calm": lived(drill("calm"))})


def test_the_template_stays_small() -> None:
    assert len(CSS.splitlines()) < 320
