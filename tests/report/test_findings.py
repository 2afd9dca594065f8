"""Findings read the same as lines, data and annotations."""

from mooring.finding import Finding
from mooring.report import findings

BROKEN = Finding("configs/a,b:c.yaml", 7, "tools.0", "100% bad\nso", "reference", "write shop/find")
WHOLE = Finding("schemas", 0, "", "stale", "schema")


def test_a_line_says_file_line_path_message_fix_and_check() -> None:
    assert findings.text([WHOLE, BROKEN]).splitlines()[0] == "schemas: stale [schema]"
    assert str(BROKEN).startswith("configs/a,b:c.yaml:7 tools.0: 100% bad")
    assert str(BROKEN).endswith("(fix: write shop/find) [reference]")


def test_an_annotation_cannot_be_broken_by_what_a_document_says() -> None:
    assert findings.github([BROKEN, WHOLE]).splitlines() == [
        "::error file=configs/a%2Cb%3Ac.yaml,line=7,title=reference::tools.0: 100%25 bad%0Aso (fix: write shop/find)",
        "::error file=schemas,line=1,title=schema::stale",
    ]


def test_data_has_every_field() -> None:
    assert findings.data([WHOLE]) == [
        {"file": "schemas", "line": 0, "path": "", "message": "stale", "check": "schema", "fix": ""}
    ]
