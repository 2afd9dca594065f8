"""Tests in files of rows: CSV with promptfoo's columns, and JSONL.

Source: https://www.promptfoo.dev/docs/configuration/test-cases/#csv-format
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mooring.exchange.files import Unusable, json_of, text_of
from mooring.exchange.intake import Intake
from mooring.exchange.promptfoo import expected

csv.field_size_limit(1 << 20)  # files are no larger than MAX_BYTES

_PLAIN = ("__prefix", "__suffix", "__description", "__providerOutput", "__metric", "__threshold", "__metadata")
_CONFIG = re.compile(r"__config:__expected(?P<number>[1-9]\d*)?:threshold")
_WHY = {
    "__prefix": "is put in front of the prompt in promptfoo; an agent has one prompt",
    "__suffix": "is put behind the prompt in promptfoo; an agent has one prompt",
    "__providerOutput": "answers come from the agent",
    "__metadata": "needs a key, as in __metadata:category",
}


@dataclass(slots=True)
class Row:
    """One test of a file: promptfoo's long form, its first line, and the column of each of its assertions."""

    number: int
    line: int
    test: Any
    columns: list[str] = field(default_factory=list)


def csv_rows(intake: Intake, content: bytes) -> Iterator[Row]:
    """Rows below the header. `intake` is within the file. Raises Unusable also after some rows."""
    text = text_of(content)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(intake, text), strict=True)
    header: list[str] | None = None
    start, number = 1, 0
    try:
        for cells in lines:
            first, start = start, lines.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(intake.at_line(first), cells)
                continue
            number += 1
            if len(cells) != len(header):
                problem = f"has {len(cells)} cells, and the header {len(header)}"
                intake.at_line(first).leave(f"row {number}", problem)
            else:
                yield _row(intake.at_line(first), number, first, list(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise Unusable(f"line {lines.line_num}: {error}") from None
    if not number:
        raise Unusable("has no rows below a header")


def _delimiter(intake: Intake, text: str) -> str:
    """A comma, or what Excel writes instead where the header has no comma."""
    number, first = next(((at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip()), (1, ""))
    other = max(";\t", key=first.count)
    if "," in first or other not in first:
        return ","
    intake.at_line(number).choose("header", f"columns are parted by {'semicolons' if other == ';' else 'tabs'}")
    return other


def _header(intake: Intake, cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in dict.fromkeys(names):
        if names.count(name) > 1 and not name.startswith("__expected"):
            raise Unusable(f"the column {name!r} is there twice" if name else "has columns without a name")
        if not name:
            raise Unusable("has a column without a name")
        if name.startswith("_") and not _is_special(name):
            intake.choose("header", f"the column {name!r} is none of promptfoo's, so it is a variable")
    return names


def _is_special(name: str) -> bool:
    return name.startswith(("__expected", "__metadata:", "__config:")) or name in _PLAIN


def _row(intake: Intake, number: int, line: int, cells: list[tuple[str, str]]) -> Row:
    row = Row(number, line, {"vars": {}, "assert": [], "metadata": {}})
    for name, cell in cells:
        if not _is_special(name):
            row.test["vars"][name] = cell
        elif cell.strip():
            _special(intake, row, name, cell)
    for name, cell in cells:  # they speak about assertions, wherever their columns stand
        if cell.strip() and (name in ("__metric", "__threshold") or name.startswith("__config:")):
            _setting(intake, row, f"row {number} {name}", name, cell.strip())
    return row


def _special(intake: Intake, row: Row, name: str, cell: str) -> None:
    path = f"row {row.number} {name}"
    if name.startswith("__expected"):
        row.test["assert"].append(expected.assertion(cell))
        row.columns.append(name)
        if near := expected.mistaken(cell):
            intake.choose(path, f"names no type, so the whole cell is expected; did you mean {near}?")
    elif name.startswith("__metadata:"):
        row.test["metadata"] |= _metadata(name.removeprefix("__metadata:"), cell)
    elif name == "__description":
        row.test["description"] = cell.strip()
    elif name in _WHY:
        intake.leave(path, _WHY[name])


def _metadata(key: str, cell: str) -> dict[str, Any]:
    if not key.endswith("[]"):
        return {key: cell.strip()}
    return {key[:-2]: [part.strip().replace("\\,", ",") for part in re.split(r"(?<!\\),", cell) if part.strip()]}


def _setting(intake: Intake, row: Row, path: str, name: str, cell: str) -> None:
    if name == "__metric":
        for each in row.test["assert"]:
            each["metric"] = cell
        return
    number = _number(cell)
    config = _CONFIG.fullmatch(name)
    at = int(config["number"] or 1) - 1 if config else 0
    if name.startswith("__config:") and config is None:
        intake.leave(path, "only `__config:__expected:threshold`, or with a number, is known")
    elif number is None:
        intake.leave(path, f"{cell!r} is no number")
    elif name == "__threshold":
        if number:  # promptfoo takes 0 for none
            row.test["threshold"] = number
    elif at < len(row.test["assert"]):
        row.test["assert"][at]["threshold"] = number
    else:
        intake.leave(path, f"the row has {len(row.test['assert'])} assertions")


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def jsonl_rows(content: bytes) -> Iterator[Row]:
    """A test on each line. Raises Unusable."""
    number = 0
    for line, text in enumerate(text_of(content).split("\n"), start=1):
        if not text.strip():
            continue
        number += 1
        try:
            test = json_of(text)
        except Unusable as error:
            raise Unusable(f"line {line}: {str(error).removeprefix('line 1: ')}") from None
        yield Row(number, line, test)
    if not number:
        raise Unusable("has no rows")
