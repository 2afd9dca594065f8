"""Edits of a document that leave every other byte alone, or are refused."""

import pytest

from mooring.catalog.editing.values import appended, replaced
from mooring.errors import Refused

HEAD = "# said once\nkind: EvalSuite   # a kind\ntests:\n"
FILE = "evals/suites/a.yaml"
ANSWER = ("tests", 0, "answer")


def edited(before: str, value: object, after: str, *, tail: str = "") -> None:
    """Holds that the one value is replaced and all around it is not."""
    text = f"{HEAD}  - id: one  # first\n{before}\n    tags: [x]   # kept\n\n  # about two\n  - id: two\n{tail}"
    wanted = text.replace(before, after)
    assert replaced(FILE, text, ANSWER, value) == wanted


def test_a_text_on_one_line_is_replaced_and_its_comment_stays() -> None:
    edited("    answer: It is sent.  # by hand", "It is lost.", "    answer: It is lost.  # by hand")


def test_a_text_becomes_calls_and_a_text() -> None:
    value = {"calls": [{"tool": "find", "args": {"id": "A-1"}}], "text": "Sent: today."}
    calls = "      calls:\n        - tool: find\n          args:\n            id: A-1\n"
    after = f"    answer:\n{calls}      text: 'Sent: today.'"
    edited("    answer: >-\n      It is\n      sent.", value, after)


def test_a_text_of_several_lines_is_written_as_such_unless_a_comment_stands_behind_it() -> None:
    edited("    answer: x", "One.\nTwo.", "    answer: |-\n      One.\n      Two.")
    edited("    answer: x  # why", "One.\nTwo.", '    answer: "One.\\nTwo."  # why')


def test_calls_become_a_text() -> None:
    before = (
        "    answer:\n      calls:\n        - {tool: find, args: {id: '# no comment'}}\n      text: |\n        Long.\n"
    )
    edited(before.rstrip("\n"), "Short.", "    answer: Short.")


def test_within_braces_a_value_stays_on_its_line() -> None:
    text = f"{HEAD}  - {{id: one, answer: x, tags: [y]}}  # all\n"
    wanted = f'{HEAD}  - {{id: one, answer: "a: b\\nc", tags: [y]}}  # all\n'
    assert replaced(FILE, text, ANSWER, "a: b\nc") == wanted


def test_a_comment_that_would_be_lost_refuses_the_edit() -> None:
    text = f"{HEAD}  - id: one\n    answer:  # mind\n      text: x\n"
    with pytest.raises(Refused, match=r"evals/suites/a.yaml:5 tests.0.answer: a comment stands in it"):
        replaced(FILE, text, ANSWER, "y")


def test_lines_that_end_in_crlf_stay_so() -> None:
    text = "tests:\r\n  - id: one\r\n    answer: x\r\n    tags: [y]\r\n"
    assert replaced(FILE, text, ANSWER, "a\nb") == text.replace("x\r", "|-\r\n      a\r\n      b\r")


def test_what_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(Refused, match="is not there"):
        replaced(FILE, f"{HEAD}  - id: one\n", ANSWER, "y")


@pytest.mark.parametrize("indent", ["", "  ", "    "])
@pytest.mark.parametrize("last", ["assert: [{type: no-secret}]  # why", "answer: |\n{0}    Long.\n\n{0}    Text."])
@pytest.mark.parametrize("tail", ["\n", "\n\n# the end\n", "\n{0}  # of the first\n# the end\nsmoke: true\n"])
def test_an_item_is_added_behind_the_last_one(indent: str, last: str, tail: str) -> None:
    text = f"# head\ntests:\n{indent}- id: one\n{indent}  {last}".replace("{0}", indent)
    own, mark, rest = tail.replace("{0}", indent).partition("# the end")
    added = appended(FILE, f"{text}{own}{mark}{rest}", ["tests"], "- id: two\n  tags: [x]\n")
    item = f"{indent}- id: two\n{indent}  tags: [x]\n"
    assert item in added
    assert added.replace(item, "", 1).split() == f"{text}{own}{mark}{rest}".split()
    if own.strip():
        assert added.index("# of the first") < added.index(item) < added.index("# the end")


@pytest.mark.parametrize("tests", ["tests: []", "tests: one"])
def test_only_a_list_with_items_is_added_to(tests: str) -> None:
    with pytest.raises(Refused, match=r"a.yaml:1 tests: is no list with items"):
        appended(FILE, f"{tests}\n", ["tests"], "- id: two\n")


def test_what_takes_lines_is_not_put_into_brackets() -> None:
    with pytest.raises(Refused, match="nothing can be added"):
        appended(FILE, "tests: [{id: one}]\n", ["tests"], "- id: two\n  tags: [x]\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [x, y] # both\nb: 1\n", "a: [x, y, z] # both\nb: 1\n"),
        ("a:\n  - x\n  - {k: 1}  # two\nb: 1\n", "a:\n  - x\n  - {k: 1}  # two\n  - z\nb: 1\n"),
        ("a:\n- x\nb: 1\n", "a:\n- x\n- z\nb: 1\n"),
        ("b: 1\na:\n  - k: |\n      one\n      two", "b: 1\na:\n  - k: |\n      one\n      two\n  - z\n"),
    ],
)
def test_an_item_is_put_at_the_end_of_a_list_as_the_list_is_written(text: str, expected: str) -> None:
    assert appended("a.yaml", text, ["a"], "- z\n") == expected
