"""A terminal shows that it is simulated first, figures by arm, and the verdict last."""

import io
from collections.abc import Callable

import pytest

from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement, Miss, judge
from mooring.report.console import Console
from mooring.report.drill.progress import drilling
from mooring.report.drill.text import WIDTH, drill_text
from tests.report.drill.story import BOUGHT, RULES, WORSE, crashed, drill, lived, outage, year
from tests.report.evaluation.hostile import ATTACK

CHANGED = ("standard: retry.tries 3 -> 1", "support/main: models.L1 is gone")


def told(*found: Drilled, changed: tuple[str, ...] = ()) -> str:
    drilled = {each.drill.name: each for each in found}
    return drill_text(drilled, judge(drilled, ()), changed)


def test_a_change_that_loses_a_year_reads_like_this(golden: Callable[[str, str], None]) -> None:
    golden("drill/year.txt", told(lived(year(), WORSE | BOUGHT | {"head": WORSE["head"]}), changed=CHANGED))


def test_several_drills_read_like_this(golden: Callable[[str, str], None]) -> None:
    targets = {"availability": 0.999, "p99Seconds": 10, "amplification": 1.1}
    found = [lived(year(), BOUGHT), lived(outage(targets=targets), BOUGHT), lived(drill("calm"))]
    golden("drill/several.txt", told(*found))


def test_the_first_line_says_what_was_simulated() -> None:
    first, *_ = told(lived(outage(), seeds=(3, 4))).replace("\n  ", " ").splitlines()
    assert first.startswith("simulated trace outage, 1 h: 2 incidents, all lived through; ")
    assert first.endswith(" questions to each arm; seeds 3, 4")


def test_a_drill_without_incidents_says_that_it_measured_a_healthy_day() -> None:
    text = told(lived(drill("calm")))
    assert "no incident, this measures a healthy day" in text.replace("\n  ", " ")
    assert "+ pass: no target is missed, and nothing is lost against the base" in text


def test_a_single_drill_says_what_people_have_without_the_documents() -> None:
    last = told(lived(outage())).replace("\n  ", " ").splitlines()[-1]
    assert ": availability 99." in last
    assert last.endswith(" %, where SDK defaults, one vendor, restarted by a supervisor has 71.43 %")


def test_without_a_base_nothing_is_said_about_one() -> None:
    rules = {arm: rule for arm, rule in RULES.items() if arm != "base"}
    assert "+ pass: no target is missed, and there is no base to compare with\n" in told(lived(outage(), rules))


def test_who_asks_for_more_rivals_is_told_which_one_cannot_be_asked() -> None:
    rivals = {**BOUGHT, "fallback": WORSE["head"]}
    assert "LiteLLM's Router is no arm" in told(lived(outage(), rivals))
    assert "LiteLLM" not in told(lived(outage(), BOUGHT))


def test_an_arm_that_crashed_is_told_and_has_no_figures() -> None:
    text = told(crashed(lived(outage()), "base", "RuntimeError: no database"))
    assert "~ inconclusive: 1 arm crashed\n- outage: base crashed: RuntimeError: no database\n" in text
    assert "\nbase " not in text


def test_where_every_arm_crashed_nothing_is_claimed() -> None:
    found = lived(outage())
    for arm in found.arms:
        found = crashed(found, arm, "it died")
    assert "no arm has figures" in told(found)


def test_no_line_is_wider_than_a_terminal_however_bad_the_figures() -> None:
    name = "a-drill-whose-name-is-as-long-as-a-name-may-be-or-nearly-so"
    found = [lived(year(), BOUGHT | WORSE), lived(outage(name), BOUGHT), lived(drill("calm"), BOUGHT)]
    text = told(*found, crashed(lived(outage("other")), "head", "x" * 500), changed=("y " * 300,))
    assert max(map(len, text.splitlines())) <= WIDTH


def test_documents_and_errors_cannot_command_the_terminal() -> None:
    text = told(crashed(lived(outage()), "base", ATTACK), changed=(ATTACK,))
    assert [character for character in text if not character.isprintable() and character != "\n"] == []


def test_losses_are_red_on_a_terminal_and_plain_when_piped() -> None:
    text = told(lived(outage(), WORSE))
    shown, piped = io.StringIO(), io.StringIO()
    Console(shown, color=True).diff(text)
    Console(piped).diff(text)
    assert "\x1b[31m- outage: availability " in shown.getvalue()
    assert piped.getvalue() == text


def test_a_target_that_is_missed_is_told_with_its_limit() -> None:
    drilled = {"outage": lived(outage(), {"head": RULES["head"]})}
    misses = (
        Miss("outage", "availability", 0.9712, 0.99, "the drill's own target is >= 0.99"),
        Miss("outage", "uptime-month", 0.9712, 0.995, "objective uptime-month"),
        Miss("outage", "answer-time", 48.2, 30.0, "objective answer-time"),
        Miss("outage", "MTTR P95 seconds", 612.0, 60.0, "the drill's own target is <= 60"),
        Miss("outage", "amplification", 2.97, 1.1, "the drill's own target is <= 1.1"),
    )
    lines = drill_text(drilled, Judgement("fail", misses, (), ())).replace("\n  ", " ").splitlines()
    assert [line.removeprefix("- outage: ") for line in lines if line.startswith("- outage")] == [
        "availability 97.12 %, which must be at least 99 % (the drill's own target)",
        "uptime-month 97.12 %, which must be at least 99.5 % (objective uptime-month)",
        "answer-time 48 s, which must be at most 30 s (objective answer-time)",
        "MTTR p95 10 min, which must be at most 60 s (the drill's own target)",
        "amplification 2.97x, which must be at most 1.1x (the drill's own target)",
    ]


@pytest.mark.parametrize(("silent", "lines"), [(False, 4), (True, 0)])
def test_progress_is_a_line_for_each_quarter_when_piped(silent: bool, lines: int) -> None:
    out = io.StringIO()
    with drilling(Console(out, silent=silent), 8) as done:
        for arm in ("base", "head"):
            for name in ("a", "b", "c", "d"):
                done(name, arm)
    assert [line for line in out.getvalue().splitlines() if line.startswith("drilling: ")] == [
        f"drilling: {number} of 8" for number in (2, 4, 6, 8)[:lines]
    ]
