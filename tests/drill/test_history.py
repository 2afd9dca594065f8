"""A team's own incidents, from the file to the trace."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mooring.drill.history import read_history
from mooring.drill.trace import expand
from mooring.errors import FindingsError
from mooring.spec.drill import Drill

HEADER = "vendor,start,end,kind,severity\n"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def written(folder: Path, *lines: str) -> Path:
    path = folder / "ours.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_times_become_seconds_since_midnight_of_the_first_day(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "north,2026-03-01T01:30:00+01:00,2026-03-01T02:00:00+01:00,down,1",
        "south,2026-03-02T06:00:00Z,2026-03-02T06:30:00Z,rate-limit,0.25",
    )

    first, second = read_history(path, {"north", "south"}, NOW)

    assert (first.start, first.end) == (1800, 3600)
    assert (second.start, second.end) == (30 * 3600, 30.5 * 3600)
    assert (second.vendor, second.failing.mode, second.severity, second.rungs) == ("south", "rate-limit", 0.25, ())
    assert second.says() == "south rate-limit (25% of calls)"


def test_hours_are_kept_as_they_are(tmp_path: Path) -> None:
    (outage,) = read_history(written(tmp_path, "north,2.5,4,hang,1"), now=NOW)

    assert (outage.start, outage.end) == (2.5 * 3600, 4 * 3600)


def test_incidents_of_a_history_stand_among_those_of_the_drill(tmp_path: Path) -> None:
    drill = Drill.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "Drill",
            "name": "ours",
            "version": "1.0.0",
            "description": "Ours.",
            "owner": "@a/b",
            "hours": 10,
            "incidents": [{"rung": "L0", "start": 1, "end": 2}, {"rung": "L0", "start": 6, "end": 7}],
        }
    )
    found = expand(drill, 0, read_history(written(tmp_path, "north,3,4,down,1"), now=NOW))

    assert [(each.number, each.says()) for each in found] == [(0, "L0 down"), (1, "north down"), (2, "L0 down")]


def test_everything_that_is_wrong_is_told_at_once_with_its_line_and_column(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "noth,2026-03-01T01:00:00Z,2026-03-01T02:00:00Z,down,1",
        "north,2026-03-01T03:00:00Z,2026-03-01T04:00:00Z,slow,2",
        "north,2026-07-01T03:00:00Z,2026-07-01T04:00:00Z,down,1",
    )

    with pytest.raises(FindingsError) as raised:
        read_history(path, {"north", "south"}, NOW)

    assert [(finding.line, finding.path) for finding in raised.value.findings] == [
        (2, "vendor"),
        (3, "kind"),
        (3, "severity"),
        (4, "end"),
    ]
    assert "did you mean 'north'?" in raised.value.findings[0].message
    assert all(finding.file == str(path) and finding.fix for finding in raised.value.findings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (HEADER.encode(), "there is no incident"),
        (b"vendor,start\n", "the header does not name the columns"),
        (b"\xff\xfe", "is not UTF-8"),
        (HEADER.encode() + b'"north,1,2,down,1\n', "is not CSV"),
        (HEADER.encode() + b"x" * 300_000, "is larger than 256 KiB"),
    ],
)
def test_what_is_no_history_says_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ours.csv"
    path.write_bytes(content)

    with pytest.raises(FindingsError) as raised:
        read_history(path, now=NOW)

    assert [message in finding.message for finding in raised.value.findings] == [True]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as raised:
        read_history(tmp_path / "ours.csv", now=NOW)

    assert [finding.message for finding in raised.value.findings] == ["there is no such file"]
