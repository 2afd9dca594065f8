"""An answer as plain text: for a terminal, for notifications, and for clients that show nothing else.

What somebody else wrote cannot act on a terminal or turn a line around: control and invisible characters are escaped.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from mooring.change.wording import clip, plain
from mooring.chat.answer import Answer
from mooring.chat.platforms.wording import MARKS, footer, left_out

TITLE = 200
"""Characters of a title."""

CELL = 60
"""Columns of a cell of a table; longer ones are cut."""

GAP = "  "


def render(answer: Answer) -> str:
    """The whole answer, which ends without a line end. Buttons are left out: what to write instead is a fact."""
    head = [heading(answer), *_facts(answer)]
    below = [part for part in (footer(answer), web_link(answer)) if part]
    if not answer.table and not answer.log:
        return "\n".join(map(plain, [*head, *below]))
    parts = [head, grid(answer.table), [f"| {line}" for line in verbatim(answer.log)], below]
    return "\n\n".join("\n".join(map(plain, part)) for part in parts if part)


def heading(answer: Answer) -> str:
    """The title on one line, with a mark of how far it is."""
    return f"{MARKS[answer.stage]} {clip(answer.title, TITLE)}".rstrip()


def _facts(answer: Answer) -> Iterator[str]:
    widest = max((width(label) for label, _ in answer.facts), default=0)
    for label, value in answer.facts:
        yield f"  {padded(clip(label, CELL), min(widest, CELL))}{GAP}{clip(value, 500)}"


def grid(table: Sequence[Sequence[str]]) -> list[str]:
    """A table in a font whose letters are equally wide: heading, a rule, rows; Chinese characters take two columns."""
    rows = [[clip(cell, CELL) for cell in row] for row in table]
    columns = max(map(len, rows), default=0)
    widths = [max((width(row[at]) for row in rows if at < len(row)), default=0) for at in range(columns)]
    lines = [GAP.join(padded(cell, widths[at]) for at, cell in enumerate(row)).rstrip() for row in rows]
    return [*lines[:1], GAP.join("─" * size for size in widths), *lines[1:]] if lines else []


def fitted(table: Sequence[Sequence[str]], columns: int) -> list[str]:
    """The same where lines may have so many columns: a table that is wider becomes a list, a row after the other."""
    lines = grid(table)
    if max(map(width, lines), default=0) <= columns:
        return lines
    head, *rows = table
    widest = max((width(clip(label, CELL)) for label in head[1:]), default=0)
    listed: list[str] = []
    for first_cell, *cells in rows:
        listed.append(clip(f"{head[0]} {first_cell}", columns))
        named = zip(head[1:], cells, strict=False)
        listed += [f"  {padded(clip(label, CELL), widest)}{GAP}{clip(cell, CELL)}" for label, cell in named if cell]
    return listed


def verbatim(lines: Sequence[str]) -> list[str]:
    """Lines of a log as they are, but for what would act: one entry each, tabs as spaces."""
    return [plain(line.expandtabs(4)) for text in lines for line in (text.splitlines() or [""])]


def newest(answer: Answer, lines: Sequence[str], room: int) -> list[str]:
    """The last lines that have room in so many characters, and how many were left out before them."""
    kept: list[str] = []
    room -= 40  # for the line that says so
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept and lines:
        kept = [f"…{lines[-1][-max(room + len(lines[-1]), 0) :]}"]
    missing = len(lines) - len(kept)
    return ([left_out(answer, missing)] if missing else []) + kept[::-1]


def first(answer: Answer, lines: Sequence[str], room: int) -> list[str]:
    """The first lines that have room in so many characters, and how many were left out after them."""
    kept: list[str] = []
    room -= 40
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    missing = len(lines) - len(kept)
    return kept + ([left_out(answer, missing)] if missing else [])


def web_link(answer: Answer) -> str:
    """The link where it is one of the web; empty otherwise. A link of another kind would run something."""
    try:
        parts = urlsplit(answer.link)
    except ValueError:
        return ""
    clean = answer.link.isprintable() and not set(answer.link) & set(" <>\"'`()[]{}|\\^")
    return answer.link if parts.scheme in ("http", "https") and parts.hostname and clean else ""


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, columns: int) -> str:
    """The text with spaces after it, so that it takes so many columns."""
    return text + " " * (columns - width(text))
