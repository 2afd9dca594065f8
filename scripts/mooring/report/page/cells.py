"""Cells, tables and remarks of the page: plain values that the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

GOOD, WARN, BAD, UNKNOWN, IDLE = "good", "warn", "bad", "unknown", "idle"
MARKS = {GOOD: "✓", WARN: "▲", BAD: "✗", UNKNOWN: "?", IDLE: "—", "": ""}
"""What stands before a cell of each tone, so that none is told by its color alone."""


@dataclass(frozen=True)
class Cell:
    """A text in one tone. `small` stands below it; `href` is where it leads, `time` the moment that it names."""

    text: str
    tone: str = ""
    small: str = ""
    href: str = ""
    code: bool = False
    number: bool = False
    time: str = ""

    @property
    def mark(self) -> str:
        return MARKS[self.tone]


@dataclass(frozen=True)
class Table:
    """Rows under named columns; the first cell of a row names it."""

    id: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Remark:
    """One line: what it is about, and what is to be said of it."""

    about: str
    text: str
    tone: str = ""
    href: str = ""

    @property
    def mark(self) -> str:
        return MARKS[self.tone]


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading. `nothing` is said where there is neither a table nor a remark."""

    id: str
    title: str
    nothing: str = ""
    table: Table | None = None
    remarks: Sequence[Remark] = field(default=())
    wide: bool = False


def commit_link(repository: str | None, commit: str | None) -> str:
    """The address of a commit on the repository's host, "" unless both are known and the host speaks HTTP."""
    if not repository or not commit:
        return ""
    parts = urlsplit(repository)
    if parts.scheme not in ("http", "https") or not parts.netloc or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/commit/{quote(commit, safe='')}"
