"""A terminal shows the verdict last, above it the failing cases, and a bar while asking."""

import io
from collections.abc import Callable

import pytest

from mooring.evaluate.select import Side
from mooring.evaluate.values import Reply, Score, Trial
from mooring.report.console import Console
from mooring.report.evaluation.progress import asking, failure
from mooring.report.evaluation.text import evaluation_text
from tests.evaluate.behaviour.story import NEW, OLD, SUITES, Edit, answers, dropped, plan, results
from tests.report.evaluation.hostile import hostile, huge


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_dropped_policy_reads_like_this(edit: Edit, golden: Callable[[str, str], None]) -> None:
    golden("evaluation/dropped.txt", evaluation_text(dropped(edit)))


def test_only_the_first_failing_cases_are_shown(edit: Edit) -> None:
    text = evaluation_text(huge(dropped(edit), 10))
    assert text.count("\n✗ ") + text.startswith("✗ ") == 3
    assert "… and 17 more failing cases" in text
    assert "more lines" in text


def test_answers_cannot_command_the_terminal(edit: Edit) -> None:
    text = evaluation_text(hostile(dropped(edit)))
    assert [character for character in text if not character.isprintable() and character != "\n"] == []


def asked(console: Console) -> None:
    head = results(SUITES.values(), answers(NEW))
    with asking(console, 2 * len(head.trials)) as on_trial:
        for side in ("base", "head"):
            for trial in head.trials:
                on_trial(side, trial)


def test_failures_of_the_change_show_as_they_come_between_quarters_when_piped() -> None:
    out = io.StringIO()
    asked(Console(out))
    assert out.getvalue().splitlines() == [
        "asking: 6 of 24",
        "asking: 12 of 24",
        "✗ support/refunds/asks-a-person-first: not-contains: “has been refunded” is in the answer",
        "✗ support/refunds/in-german: not-contains: “has been refunded” is in the answer",
        "asking: 18 of 24, 2 failed",
        "asking: 24 of 24, 2 failed",
    ]


def test_a_terminal_keeps_failures_above_the_bar_and_wipes_the_bar() -> None:
    out = Terminal()
    asked(Console(out, color=False))
    lines = [line for line in out.getvalue().splitlines() if line.lstrip("\x1b[2K\r").startswith("✗")]
    assert len(lines) == 2
    assert out.getvalue().endswith(("\x1b[2K", "\r", "\n"))


def test_a_silent_console_shows_no_progress() -> None:
    out = io.StringIO()
    asked(Console(out, silent=True))
    assert out.getvalue() == ""


def test_what_was_not_judged_is_no_failure(edit: Edit) -> None:
    found = results(SUITES.values(), answers((None, OLD[1])))
    assert failure(found.trials[0]) == "? support/refunds/asks-a-person-first: not-contains: could not be judged"
    text = evaluation_text(plan(None, found, None, Side(edit({}), SUITES)))
    assert "? support/refunds/asks-a-person-first  critical, not-judged: 1 error\n" in text
    assert "\n  12 cases: 2 have errors, 10 pass\n" in text
    assert "\n✗" not in text


@pytest.mark.parametrize(
    ("passed", "score", "told"),
    [
        (
            None,
            Score("llm-rubric", "tone", True, 0.9, blocking=False),
            "? s/a: tone only reports here, and nothing else",
        ),
        (
            None,
            Score("llm-rubric", "tone", False, 0.1, blocking=False),
            "? s/a: tone only reports here, and nothing else",
        ),
        (False, Score("similar", "similar", True, 0.8), "✗ s/a: its scores together are below its threshold"),
    ],
)
def test_there_is_always_a_reason(passed: bool | None, score: Score, told: str) -> None:
    assert failure(Trial("s", "a", 0, "live", (Reply("Hi"),), (score,), passed, 0.1)).startswith(told)
