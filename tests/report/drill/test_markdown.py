"""The comment is short on top, found again by its first line, and nothing in it can be anything but text."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement, judge
from mooring.report.drill.markdown import MARKER, comment, markdown
from mooring.report.drill.values import Report
from tests.report.drill.story import BOUGHT, WORSE, crashed, drill, lived, outage, year
from tests.report.evaluation.hostile import ATTACK
from tests.report.reader import OURS, Reader

CHANGED = ("standard: retry.tries 3 -> 1",)


def report(*found: Drilled, changed: tuple[str, ...] = CHANGED) -> Report:
    drilled = {each.drill.name: each for each in found}
    return Report.of(drilled, judge(drilled, ()), changed)


def hostile(one: Report) -> Report:
    """Every text of it tries to get out of where it is shown."""
    traces = tuple(
        replace(
            each,
            name=each.name + ATTACK,
            description=ATTACK,
            arms=tuple(replace(arm, name=arm.name + ATTACK, words=ATTACK, error=ATTACK) for arm in each.arms),
            bought=tuple(replace(bought, policy=ATTACK) for bought in each.bought),
        )
        for each in one.traces
    )
    found = one.judgement
    judgement = Judgement(
        found.outcome,
        found.misses,
        tuple(replace(loss, drill=ATTACK, what=ATTACK) for loss in found.losses),
        tuple((ATTACK, ATTACK, ATTACK) for _ in range(3)),
    )
    return Report(judgement, (ATTACK,), traces)


def test_a_change_that_loses_reads_like_this(golden: Callable[[str, str], None]) -> None:
    found = report(lived(year(), BOUGHT | WORSE), lived(outage(), BOUGHT | WORSE), lived(drill("calm")))
    golden("drill/worse.md", markdown(found))


def test_the_first_line_marks_it_so_that_it_is_updated() -> None:
    drilled = {"outage": lived(outage())}
    text = comment(drilled, judge(drilled, ()))
    assert text.split("\n", 1)[0] == MARKER
    assert "\n### ✅ Drills: pass: " in text
    assert "**Simulated trace**: `simulated trace outage, 1 h: 1 incident, lived through; " in text


def test_what_changed_and_what_it_costs_stand_above_the_fold() -> None:
    top = markdown(report(lived(year(), WORSE))).split("<details>")[0]
    assert " hours a year more down (95 % interval " in top
    assert "- `standard: retry.tries 3 -> 1`" in top


def test_a_pass_says_what_the_documents_are_worth() -> None:
    top = markdown(report(lived(year()))).split("<details>")[0]
    assert "- `year: availability 9" in top
    assert "where SDK defaults, one vendor, restarted by a supervisor has 9" in top


def test_an_arm_that_crashed_is_named_on_top() -> None:
    top = markdown(report(crashed(lived(outage()), "supervised", "OSError: full"))).split("<details>")[0]
    assert "- `outage: supervised crashed: OSError: full`" in top


@pytest.mark.parametrize("attacked", [False, True])
def test_it_renders_to_what_we_wrote_whatever_documents_say(attacked: bool) -> None:
    found = report(lived(year(), BOUGHT | WORSE), crashed(lived(outage(), BOUGHT), "base", "OSError"))
    text = markdown(hostile(found) if attacked else found)
    read = Reader(text)
    assert set(read.tags) <= OURS
    assert read.open == []
    for word in ("@everyone", "evil.example", "7*7", "owned", "# Big"):
        assert word not in read.prose
    assert "\x1b" not in text


def test_it_is_never_longer_than_github_takes_and_says_what_is_left_out() -> None:
    found = report(lived(outage(), BOUGHT))
    many = tuple(replace(found.traces[0], name=f"outage-{number}") for number in range(200))
    text = markdown(replace(found, traces=many, changed=tuple(f"change {number}" for number in range(900))))
    assert len(text) < 60_000
    assert "… 188 more drills" in text
    assert "… 895 more changes" in text
    assert Reader(text).open == []
