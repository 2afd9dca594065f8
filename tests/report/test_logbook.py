"""Each record reads as a paragraph: who did what, how it ended, why it failed, and what it cost."""

import io
from typing import Any

import pytest

from mooring.report.console import Console
from mooring.report.logbook import SHOWN, show

NEW, OLD = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
COUNTS = {"received": 1204, "answered": 1203, "failed": 1, "abandoned": 0, "in_flight": 0, "lost": 0}


def record(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "deploy",
        "start": 1_795_997_000.0,
        "end": 1_795_997_006.5,
        "actor": "ann",
        "outcome": "done",
        "first": 1,
        "last": 7,
        "slot": "green",
        "digest": NEW,
        "previous": OLD,
        "commit": "c0ffee" * 6,
        "subject": "Refunds within 14 days (#12)",
        "reason": None,
        "detail": "",
        "switch_ms": 0.4,
        "requests": COUNTS,
        "hotfix": None,
        "fields": (),
        "proof": None,
        "hands": (),
        "changes": [{"document": "prompt support/main", "sentence": "line reworded"}],
        **changes,
    }


def shown(*records: dict[str, Any], color: bool = False) -> list[str]:
    out = io.StringIO()
    show(list(records), Console(out, out, color=color), 1_795_997_100.0)
    return out.getvalue().splitlines()


def test_a_deployment_reads_as_one_paragraph() -> None:
    assert shown(record()) == [
        "2026-11-30T00:03:20Z  deployed aaaaaaaaaaaa in green by ann, in 6.5 s",
        "    from bbbbbbbbbbbb",
        "    commit c0ffeec0ffee Refunds within 14 days (#12)",
        "    prompt support/main: line reworded",
        "    0 of 1,204 requests lost; 1 failed; switched in 0.40 ms",
    ]


def test_what_failed_is_red_and_says_why_first() -> None:
    failed = record(outcome="taken-back", reason="bake-failed", detail="9 of 120 requests failed", changes=None)
    lines = shown(failed, color=True)
    assert lines[0].startswith("\x1b[31m")
    assert lines[0].endswith(": taken back after the switch\x1b[0m")
    assert lines[1] == "\x1b[31m    failed: bake-failed: 9 of 120 requests failed\x1b[0m"


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"kind": "drift", "digest": None, "slot": None, "fields": ("model/a:x",), "end": 1_795_997_000.0},
            ["2026-11-30T00:03:20Z  drift by ann", "    model/a:x"],
        ),
        (
            {"kind": "drift", "digest": None, "slot": None, "end": 1_795_997_000.0},
            ["2026-11-30T00:03:20Z  drift by ann", "    none any more"],
        ),
        (
            {
                "kind": "proof",
                "digest": None,
                "slot": None,
                "end": 1_795_997_000.0,
                "proof": {"rows": 2000, "export": "x", "rpo": 1.1, "rto": 14.0},
            },
            ["2026-11-30T00:03:20Z  restore proved by ann", "    2,000 rows of x: RPO 1.1 s, RTO 14.0 s"],
        ),
        (
            {"outcome": "under-way", "end": None, "hands": ("bot", "bot")},
            [
                "2026-11-30T00:03:20Z  deployed aaaaaaaaaaaa in green by ann: under way",
                "    its process ended, and bot went on with it",
            ],
        ),
        (
            {"kind": "corrected", "end": 1_795_997_000.0},
            ["2026-11-30T00:03:20Z  corrected of aaaaaaaaaaaa in green by ann"],
        ),
        (
            {"kind": "a-later-kind", "outcome": "later", "digest": None, "slot": None},
            ["2026-11-30T00:03:20Z  a-later-kind by ann, in 6.5 s: later"],
        ),
    ],
)
def test_each_kind_has_words_of_its_own(changes: dict[str, Any], lines: list[str]) -> None:
    bare = {"previous": None, "commit": None, "changes": None, "requests": None}
    assert shown(record(**bare | changes)) == lines


def test_of_many_changes_some_are_told() -> None:
    many = [{"document": f"prompt p{number}", "sentence": "changed"} for number in range(SHOWN + 3)]
    assert "    and 3 changes more: moor history --json" in shown(record(changes=many))


def test_what_a_detail_says_is_one_line_that_no_terminal_obeys() -> None:
    lines = shown(record(outcome="aborted", reason="deadline", detail="a\nb\x1b[31m\u202e"))
    assert lines[1] == "    failed: deadline: a b\\u001b[31m\\u202e"
