"""An answer as plain text, as a terminal shows it."""

from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.text import fitted, grid, render, width
from tests.chat.platforms.answers import ASKS, CHINESE, DONE, STATUS
from tests.conftest import Golden


def test_answers_are_readable_as_they_are(golden: Golden) -> None:
    shown = [render(answer) for answer in (STATUS, ASKS, DONE, CHINESE)]
    golden("chat/answers.txt", "\n\n".join(shown) + "\n")


def test_columns_stand_below_each_other_in_chinese_too() -> None:
    lines = grid(CHINESE.table)
    starts = {width(line[: line.index(cell)]) for line, cell in zip(lines, ("槽位", "───", "绿", "绿"), strict=True)}
    assert len(starts - {0}) == 1


def test_a_ragged_table_and_an_empty_answer_are_no_crash() -> None:
    assert grid((("A", "B"), ("1",), ("1", "2", "3")))[0].startswith("A  B")
    assert render(Answer(Stage.FAILED, "")) == "✗\nfailed"


def test_log_lines_stand_behind_a_bar_and_stay_one_line_each() -> None:
    shown = render(Answer(Stage.DONE, "Log", log=("one\ntwo", "", "\tthree")))
    assert shown.splitlines()[2:6] == ["| one", "| two", "| ", "|     three"]


def test_a_table_that_is_too_wide_for_a_window_becomes_a_list() -> None:
    assert fitted(STATUS.table, 80) == grid(STATUS.table)
    assert fitted(STATUS.table, 56)[:5] == [
        "AGENT concierge",
        "  SLOT        green",
        "  RUNG        L0",
        "  HEALTH      ready",
        "AGENT billing-desk",
    ]
