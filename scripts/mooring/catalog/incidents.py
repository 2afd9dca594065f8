"""A team's own incidents: CSV files beside the drills that replay them.

The columns are vendor, start, end, kind and severity; kinds are the modes of a drill. Times are ISO 8601 with a zone,
or hours since the beginning; one file has either. Lines are in order of their start.
"""

import csv
import io
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

from mooring.catalog.nearest import suggestion
from mooring.catalog.secrets import secrets_in
from mooring.catalog.source import Unreadable, unreadable
from mooring.finding import Finding
from mooring.spec.drill import Mode

COLUMNS = ("vendor", "start", "end", "kind", "severity")
HEADER = ",".join(COLUMNS)
CHECK, FUTURE = "drill-history", "drill-history-future"
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line. `start` and `end` are hours since midnight UTC of the day of the first incident, or as written.

    `ended` is the same end on the clock, None where the file has hours.
    """

    line: int
    vendor: str
    start: float
    end: float
    kind: Mode
    severity: float
    ended: datetime | None = None


Histories = Mapping[str, tuple[Recorded, ...]]
Moment = float | datetime


def histories(
    files: Mapping[str, bytes | Unreadable], vendors: Collection[str] | None
) -> tuple[dict[str, tuple[Recorded, ...]], list[Finding]]:
    """The good lines by file, and what is wrong with the others. `vendors` are those there are, None: any."""
    found: dict[str, tuple[Recorded, ...]] = {}
    findings: list[Finding] = []
    for file, content in sorted(files.items()):
        if isinstance(content, Unreadable):
            findings.append(unreadable(file, content))
            continue
        findings += secrets_in(file, content)
        found[file], wrong = incidents(file, content, vendors)
        findings += wrong
    return found, findings


def incidents(
    file: str, content: bytes, vendors: Collection[str] | None = None
) -> tuple[tuple[Recorded, ...], list[Finding]]:
    """The same for one file."""
    reading = _Reading(file, vendors)
    found = tuple(reading.lines(content))
    return found, sorted(reading.findings)


def future(histories: Histories, now: datetime) -> list[Finding]:
    """Incidents that are not over yet. Depends on the time, so only what reads a history to replay it asks."""
    return [
        Finding(file, each.line, "end", f"it ends after now, {now:%Y-%m-%dT%H:%MZ}", FUTURE, _REPLAYED)
        for file, found in histories.items()
        for each in found
        if each.ended is not None and each.ended > now
    ]


_REPLAYED = "only what has happened is replayed: leave the line out, or write such an incident into the drill"


class _Reading:
    """Reads one file; what is wrong with it is added to `findings`."""

    def __init__(self, file: str, vendors: Collection[str] | None) -> None:
        self.findings: list[Finding] = []
        self._file, self._vendors = file, vendors

    def lines(self, content: bytes) -> Iterator[Recorded]:
        rows = self._rows(content)
        midnight: datetime | None = None
        began: Moment | None = None
        ends: dict[str, Moment] = {}
        for line, row in rows:
            times = self._times(line, row, began)
            known = self._known(line, row)
            if times is None:
                continue
            start, end = times
            midnight = midnight or _midnight(start)
            self._in_order(line, row[0], start, began, ends)
            if began is None or _after(start, began):
                began = start
            ends[row[0]] = end if row[0] not in ends or _after(end, ends[row[0]]) else ends[row[0]]
            if known:
                kind, severity = known
                ended = end if isinstance(end, datetime) else None
                yield Recorded(line, row[0], _hours(start, midnight), _hours(end, midnight), kind, severity, ended)

    def _rows(self, content: bytes) -> list[tuple[int, list[str]]]:
        """(line, values) of the lines that have as many values as there are columns."""
        try:
            reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
            every = ((reader.line_num, [value.strip() for value in row]) for row in reader)
            rows = [(line, row) for line, row in every if any(row)]
        except UnicodeDecodeError:
            self._say(0, "", "is not UTF-8", "save it as UTF-8")
            return []
        except csv.Error as error:
            self._say(0, "", f"is not CSV: {error}", "quote values that have a comma or a line end")
            return []
        if not rows:
            self._say(0, "", "is empty", f"begin it with {HEADER}")
        elif tuple(rows[0][1]) != COLUMNS:
            self._say(rows[0][0], "", "the header does not name the columns", f"write {HEADER}")
            return []
        elif len(rows) == 1:
            self._say(rows[0][0], "", "there is no incident", "add one, or leave `history` out of the drill")
        for line, row in rows[1:]:
            if len(row) != len(COLUMNS):
                self._say(line, "", f"{len(row)} values for {len(COLUMNS)} columns", f"write {HEADER}")
        return [(line, row) for line, row in rows[1:] if len(row) == len(COLUMNS)]

    def _times(self, line: int, row: list[str], began: Moment | None) -> tuple[Moment, Moment] | None:
        start, end = self._moment(line, "start", row[1]), self._moment(line, "end", row[2])
        if start is None or end is None:
            return None
        like = start if began is None else began
        for column, moment in (("start", start), ("end", end)):
            if type(moment) is not type(like):
                self._say(line, column, "hours and times in one file", "write all of them as hours, or all as times")
                return None
        if not _after(end, start):
            self._say(line, "end", f"{row[2]} is not after the start at {row[1]}", "swap or correct them")
            return None
        return start, end

    def _moment(self, line: int, column: str, text: str) -> Moment | None:
        try:
            hours = float(text)
        except ValueError:
            return self._clock(line, column, text)
        if not math.isfinite(hours) or hours < 0:
            self._say(line, column, f"{text} is no number of hours from 0 on", "count hours from the beginning")
            return None
        return hours

    def _clock(self, line: int, column: str, text: str) -> datetime | None:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            self._say(line, column, "is neither a time nor a number of hours", "write 2026-03-01T09:30:00Z, or 9.5")
            return None
        if time.tzinfo is None:
            self._say(line, column, f"{text} has no zone", "end it in Z, or in an offset such as +02:00")
            return None
        return time.astimezone(UTC)

    def _in_order(self, line: int, vendor: str, start: Moment, began: Moment | None, ends: dict[str, Moment]) -> None:
        if began is not None and _after(began, start):
            self._say(line, "start", "begins before the incident above it", "sort the lines by their start")
        elif vendor in ends and _after(ends[vendor], start):
            self._say(
                line, "start", f"{vendor} has an incident already at that time", "make one of the two, or cut one"
            )

    def _known(self, line: int, row: list[str]) -> tuple[Mode, float] | None:
        """The kind and the severity, if all of vendor, kind and severity are right."""
        before, (vendor, _, _, kind, severity) = len(self.findings), row
        if self._vendors is not None and vendor not in self._vendors:
            near = suggestion(vendor, self._vendors)
            self._say(line, "vendor", f"no Model has the provider {vendor!r}{near}", "correct the name")
        mode = next((mode for mode in MODES if mode == kind), None)
        if mode is None:
            near = suggestion(kind, MODES)
            self._say(line, "kind", f"there is no kind {kind!r}{near}", f"one of {', '.join(MODES)}")
        share = _share(severity)
        if share is None:
            self._say(line, "severity", f"{severity!r} is no share of calls", "above 0, at most 1")
        return None if len(self.findings) > before or mode is None or share is None else (mode, share)

    def _say(self, line: int, column: str, message: str, fix: str) -> None:
        self.findings.append(Finding(self._file, line, column, message, CHECK, fix))


def _share(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 < share <= 1 else None


def _after(one: Moment, other: Moment) -> bool:
    """Both are of one type."""
    return _number(one) > _number(other)


def _number(moment: Moment) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else moment


def _midnight(moment: Moment) -> datetime | None:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) if isinstance(moment, datetime) else None


def _hours(moment: Moment, midnight: datetime | None) -> float:
    if isinstance(moment, datetime) and midnight is not None:
        return (moment - midnight) / timedelta(hours=1)
    return _number(moment)
