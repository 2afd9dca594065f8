"""The page, in a real browser: it looks right, filters, and runs nothing that a model said."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.evaluate.select import Side
from mooring.report import webpage
from mooring.report.evaluation import page as module
from mooring.report.evaluation.page import page
from mooring.report.evaluation.plots import plots
from tests.evaluate.behaviour.story import OLD, SUITES, Edit, answers, dropped, plan, results
from tests.report.browser import Browser
from tests.report.browser import browser as started
from tests.report.contrast import contrast
from tests.report.evaluation.hostile import hostile, huge

CSS = webpage.source(module.TEMPLATE)


def colors(which: int) -> dict[str, str]:
    """Of the style: 0 light, 1 dark."""
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", CSS.split(":root {")[1 + which]))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests: it takes longer to start than any of them."""
    with started() as found:
        yield found


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def shown(dom: str) -> list[str]:
    """Cases that are not hidden."""
    found = re.findall(r'<details class="case"([^>]*)>.*?<code>([^<]+)</code>', dom, re.DOTALL)
    return [name for attributes, name in found if "hidden" not in attributes]


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_follows_light_and_dark_and_marks_words_and_bars(
    edit: Edit, tmp_path: Path, browser: Browser, dark: bool
) -> None:
    file = written(tmp_path, page(dropped(edit, live=True)))
    with browser.open(file, height=1500, dark=dark) as tab:
        seen = tab.shares()
    style = colors(int(dark))
    assert seen[style["paper"]] > 0.5
    for name in ("card", "del", "ins", "old", "new"):
        assert seen[style[name]] > 0.0005, name


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("#state=blocks&tag=refund&text=GELD", ["support/refunds/in-german"]),
        ("#suite=support/refunds&state=same", ["support/refunds/after-30-days", "support/refunds/flickers"]),
    ],
)
def test_an_address_filters_by_suite_state_tag_and_text(
    edit: Edit, tmp_path: Path, browser: Browser, address: str, names: list[str]
) -> None:
    with browser.open(written(tmp_path, page(dropped(edit))), address) as tab:
        dom = tab.dom
    assert shown(dom) == names
    assert f"{len(names)} of 12 cases" in dom


@pytest.mark.parametrize("width", [420, 1200])
def test_nothing_sticks_out_however_narrow_or_long(edit: Edit, tmp_path: Path, browser: Browser, width: int) -> None:
    long = replace(dropped(edit), head="sha256:" + "f" * 300)
    with browser.open(written(tmp_path, page(huge(long, 2))), width=width) as tab:
        assert tab.value("innerWidth") == width
        assert tab.value("document.documentElement.scrollWidth - innerWidth") == 0


def test_nothing_that_a_model_says_runs_or_loads(edit: Edit, tmp_path: Path, browser: Browser) -> None:
    text = page(hostile(dropped(edit, live=True)))
    assert text.count("<script>") == text.count("<style>") == 1
    with browser.open(written(tmp_path, text)) as tab:
        dom = tab.dom
    assert "<title>fail: evaluation of local</title>" in dom
    assert "<img" not in dom
    assert "12 of 12 cases" in dom


def test_it_needs_nothing_else_and_is_readable_without_its_script(edit: Edit) -> None:
    text = page(dropped(edit, live=True))
    assert re.findall(r"""(?:src|href|action)\s*=\s*["'](?!#)|url\(|@import|https?:""", text) == []
    assert "default-src 'none'" in html.unescape(text)
    assert len(shown(text)) == 12
    assert '<form hidden aria-label="Filter of cases">' in text


def test_it_can_be_read_aloud_and_by_keyboard(edit: Edit) -> None:
    text = page(dropped(edit, live=True))
    assert '<html lang="en">' in text
    fields = re.findall(r"<label>[^<]+<(?:select|input) name=\"(\w+)\"", text)
    assert fields == re.findall(r"<(?:select|input) name=\"(\w+)\"", text) == ["suite", "state", "tag", "text"]
    assert len(re.findall(r'<svg [^>]*role="img" aria-label="[^"]+median[^"]+"', text)) == text.count("<svg ") == 3
    assert [int(level) for level in re.findall(r"<h(\d)", text)][:2] == [1, 2]
    assert 'aria-live="polite"' in text


@pytest.mark.parametrize("which", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_what_it_stands_on(which: int) -> None:
    style = colors(which)
    pairs = [
        (front, back) for front in ("ink", "soft", "accent", "pass", "fail", "unsure") for back in ("paper", "card")
    ]
    pairs += [("ink", "del"), ("ink", "ins")]
    weak = {pair: contrast(style[pair[0]], style[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_a_first_evaluation_and_one_without_latency_say_so(edit: Edit) -> None:
    first = plan(None, results(SUITES.values(), answers(OLD)), None, Side(edit({}), SUITES))
    assert [(drawn.title, len(drawn.rows), drawn.says) for drawn in plots(first)] == [
        ("Score", 1, "now: median 1.00 of 12 trials"),
        ("Cost of a trial", 1, "now: median $0.002 of 12 trials"),
        ("Latency", 0, "not measured, the evidence is simulated"),
    ]
    assert page(first).count("<h4>before</h4>") == 0


def test_bars_of_one_side_hold_all_its_trials_and_stay_inside(edit: Edit) -> None:
    drawn = plots(dropped(edit, live=True))[2]
    for row in drawn.rows:
        assert all(bar.x >= 8 and bar.x + bar.width <= 312 and bar.y >= row.floor - 56 for bar in row.bars)
        assert 8 <= row.median <= 312


def test_the_template_stays_small() -> None:
    assert len(CSS.splitlines()) < 300
