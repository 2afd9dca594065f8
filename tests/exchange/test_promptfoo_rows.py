"""Tests of promptfoo in CSV and JSONL, with all that spreadsheets do to them."""

from pathlib import Path
from typing import Any

import pytest

from mooring.exchange.intake import Intake, Wishes
from mooring.exchange.reading import take


def taken(folder: Path, content: str | bytes, name: str = "cases.csv") -> Intake:
    file = folder / "promptfooconfig.yaml"
    file.write_text(f"tests: file://{name}\n")
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return take(file.name, file, None, Wishes(agent="desk"))


def cases(intake: Intake) -> list[dict[str, Any]]:
    return [case for draft in intake.drafts for case in draft.data["tests"]]


def left(intake: Intake) -> list[str]:
    return [f"{note.file}:{note.line} {note.path}" for note in intake.left]


ROW = {"id": "hi", "vars": {"message": "Hi", "to": "Bo"}, "assert": [{"type": "contains", "value": "a"}]}


@pytest.mark.parametrize(
    "content",
    [
        "message,to,__expected\nHi,Bo,contains: a\n",
        "\ufeffmessage,to,__expected\r\nHi,Bo,contains: a\r\n",
        "message;to;__expected\nHi;Bo;contains: a\n",
        "message\tto\t__expected\nHi\tBo\tcontains: a",
        '"message", to ,"__expected"\n"Hi","Bo","contains: a"\n\n,,\n',
        "\n__expected,message,to\ncontains: a,Hi,Bo\n",
    ],
)
def test_a_row_is_a_test_however_the_file_is_written(content: str, tmp_path: Path) -> None:
    intake = taken(tmp_path, content)
    assert cases(intake) == [ROW]
    assert intake.left == []


def test_special_columns_say_more_about_a_row(tmp_path: Path) -> None:
    header = "message,__expected1,__expected2,__description,__metric,__threshold,__config:__expected2:threshold"
    content = f"{header},__metadata:topic,__metadata:tags[]\nHi,contains: a,similar(0.9): b,Says hi,tone,0.6,0.5,Q & A,"
    first, second = cases(taken(tmp_path, content + '\nHo,a,similar: b,,,,,,"one,two\\, three"\n'))
    assert second["tags"] == ["one", "two-three"]
    assert first == {
        "id": "says-hi",
        "description": "Says hi",
        "vars": {"message": "Hi"},
        "assert": [
            {"type": "contains", "value": "a", "metric": "tone"},
            {"type": "similar", "value": "b", "threshold": 0.5, "metric": "tone"},
        ],
        "threshold": 0.6,
        "tags": ["topic-q-a"],
    }


def test_what_a_row_cannot_carry_is_said_with_its_line(tmp_path: Path) -> None:
    header = "message,__expected1,__expected2,__prefix,__suffix,__providerOutput,__metadata,__threshold"
    rows = ["Hi,contains: a,fn:x,Say:,.,out,m,high", '"two\nlines",contains: a,file://x.py,,,,,', "Ho,contains: a"]
    intake = taken(tmp_path, "\n".join([header, *rows, "Alone,python: x,,,,,,", ",contains: b,,,,,,"]))
    assert sorted(left(intake)) == [
        "cases.csv:2 row 1 __expected2",
        "cases.csv:2 row 1 __metadata",
        "cases.csv:2 row 1 __prefix",
        "cases.csv:2 row 1 __providerOutput",
        "cases.csv:2 row 1 __suffix",
        "cases.csv:2 row 1 __threshold",
        "cases.csv:3 row 2 __expected2",
        "cases.csv:5 row 3",
        "cases.csv:6 row 4",
        "cases.csv:6 row 4 __expected1",
        "cases.csv:7 row 5.vars.message",
    ]
    assert [case["id"] for case in cases(intake)] == ["hi", "two-lines"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cases.csv", 'message,__expected\n"Hi" there,a\n', "line 2: "),
        ("cases.csv", 'message,__expected\nHi,"a\nHo,b\n', "line 3: "),
        ("cases.csv", "message,message,__expected\nHi,Ho,a\n", "'message' is there twice"),
        ("cases.csv", "message,,__expected\nHi,Ho,a\n", "without a name"),
        ("cases.csv", "message,__expected\n", "no rows"),
        ("cases.csv", "", "no rows"),
        ("cases.csv", "message,__expected\nHi,a\n".encode("utf-16"), "UTF-8"),
        ("cases.jsonl", '{"vars": {"message": "Hi"}}\n{"vars": \n', "line 2: is no JSON"),
        ("cases.jsonl", '{"vars": {"message": "Hi", "message": "Ho"}}\n', "line 1: key 'message' is there twice"),
        ("cases.jsonl", "\n", "no rows"),
        ("cases.json", '{"vars": ', "is no JSON"),
        ("cases.xlsx", "PK", "save it as CSV"),
        ("cases.parquet", "PAR1", "is no CSV, JSONL, JSON or YAML"),
        ("cases.py", "print()", "is code"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_gives_no_tests(
    name: str, content: str | bytes, says: str, tmp_path: Path
) -> None:
    intake = taken(tmp_path, content, name)
    assert intake.drafts == []
    (note, _) = intake.left
    assert (note.path, note.line, says in note.text) == ("tests", 1, True), note


def test_a_list_may_be_indented(tmp_path: Path) -> None:
    asserted = "    assert: [{type: gleu, value: x},\n      {type: equals, value: a}]\n"
    text = f"# of the day\n\n  - vars: {{message: Hi}}\n{asserted}"
    intake = taken(tmp_path, text, "cases.yaml")
    assert [case["id"] for case in cases(intake)] == ["hi"]
    assert left(intake) == ["cases.yaml:4 0.assert.0"]


def test_a_line_of_jsonl_is_a_test(tmp_path: Path) -> None:
    intake = taken(
        tmp_path,
        '{"vars": {"message": "Hi", "to": "Bo"}, "assert": [{"type": "contains", "value": "a"}]}\n\n'
        '{"vars": {"message": "Ho"}, "assert": [{"type": "webhook", "value": "1"}, {"type": "equals", "value": "b"}]}'
        "\n3\n",
        "cases.jsonl",
    )
    assert cases(intake)[0] == ROW
    assert left(intake) == ["cases.jsonl:3 row 2.assert.0", "cases.jsonl:4 row 3"]


def test_a_column_that_looks_special_is_a_variable_and_told(tmp_path: Path) -> None:
    intake = taken(tmp_path, "message,_expected,__expected\nHi,contains: b,contains: a\n")
    assert cases(intake)[0]["vars"] == {"message": "Hi", "_expected": "contains: b"}
    assert "'_expected'" in str(intake.chosen)


def test_ids_do_not_depend_on_the_place_of_a_row(tmp_path: Path) -> None:
    rows = ["Where is it?,a,", "发货需要几天?,b,", "订单在哪里?,c,", "Where is it?,d,", "x,e,Said"]
    header = "message,__expected,__description"
    first = {case["vars"]["message"]: case["id"] for case in cases(taken(tmp_path, "\n".join([header, *rows[1:]])))}
    both = [case["id"] for case in cases(taken(tmp_path, "\n".join([header, "New?,z,", *rows])))]
    assert both[1:] == ["where-is-it", first["发货需要几天?"], first["订单在哪里?"], "where-is-it-2", "said"]
    assert len(set(both)) == len(both)
    assert all(name[:1].isalnum() and len(name) <= 80 for name in both)


def test_files_are_found_by_a_pattern_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("b.csv", "a.csv"):
        (tmp_path / "more" / name).write_text(f"message,__expected\n{name},x\n")
    (tmp_path / "outside.csv").write_text("message,__expected\nno,x\n")
    file = tmp_path / "promptfooconfig.yaml"
    file.write_text("tests: ['file://more/*.csv', 'file://none/*.csv', 'file://../*.csv', 'https://x.example/a.csv']\n")
    intake = take("promptfooconfig.yaml", file, None, Wishes())
    assert [case["vars"]["message"] for case in cases(intake)] == ["a.csv", "b.csv"]
    assert [(note.line, note.path) for note in intake.left] == [(1, "tests.1"), (1, "tests.2"), (1, "tests.3")]
