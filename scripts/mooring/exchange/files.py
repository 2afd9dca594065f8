"""Files of others, read under limits: plain files inside one folder, never code, never from afar."""

import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from mooring.catalog.parse import MAX_DEPTH, MAX_INTEGER, MAX_NODES, parse
from mooring.catalog.source import MAX_BYTES
from mooring.errors import UsageError

FILE = "file://"
_MOST = 100
"""Files that one pattern may match."""

_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".rb", ".sh", ".exe", ".go")
_BLANK = r"[ \t]*(?:#[^\n]*)?\n"
_LIST = re.compile(rf"(?:{_BLANK}|---[ \t]*\n)* *-(?:\s|\Z)")
_START = re.compile(rf"\A((?:{_BLANK})*)---[ \t]*\n")
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


class Unusable(UsageError):
    """A file or a text in it cannot be used; the message says why and stands alone."""


def read(path: Path) -> bytes:
    """Content of a plain file of at most MAX_BYTES. Raises Unusable; a FIFO is never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError):
        raise Unusable("is a link" if path.is_symlink() else "is not there or cannot be read") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unusable("is no plain file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unusable(f"is larger than {MAX_BYTES // 1024} KiB")
    return content


def referred(folder: Path, reference: str, below: str = "") -> tuple[str, bytes]:
    """(path below the folder, content) of a `file://` reference. Raises Unusable where it must not be read.

    `below` is the part of the folder that the reference is relative to.
    """
    name = reference.removeprefix(FILE)
    bare = re.sub(r":[A-Za-z_]\w*$", "", name)  # path.py:function
    if bare.lower().endswith(_CODE):
        raise Unusable(f"{name} is code, which is never run")
    if is_pattern(name):
        raise Unusable(f"{name} is a pattern; name the files one by one")
    home = folder.resolve()
    try:
        path = (home / below / name).resolve()
    except (OSError, ValueError):
        raise Unusable("is no path") from None
    if not path.is_relative_to(home):
        raise Unusable(f"{name} is outside the folder of the file that names it")
    try:
        return (f"{below}/{name}" if below else name).removeprefix("./"), read(path)
    except Unusable as error:
        raise Unusable(f"{name} {error}") from None


def is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def matching(folder: Path, reference: str, below: str = "") -> list[str]:
    """References to the files that a pattern matches, by name; a reference that is no pattern stays alone.

    They are relative to `below`, as the pattern is. Raises Unusable when a pattern matches nothing, or too much.
    """
    name = reference.removeprefix(FILE)
    if not is_pattern(name):
        return [reference]
    if name.startswith("/") or ".." in name.split("/"):
        raise Unusable(f"{name} is outside the folder of the file that names it")
    start = folder / below
    try:
        found = sorted(path.relative_to(start).as_posix() for path in islice(start.glob(name), _MOST + 1))
    except (OSError, ValueError, NotImplementedError):
        raise Unusable(f"{name} is no pattern of files") from None
    if not 0 < len(found) <= _MOST:
        raise Unusable(f"{name} matches {f'more than {_MOST} files' if found else 'no file'}")
    return [f"{FILE}{each}" for each in found]


def text_of(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Unusable("is not UTF-8 text") from None


@dataclass(frozen=True, slots=True)
class Located:
    """Data, and the line in its file of a dotted path in it; 0 where that is not known."""

    data: Any
    line_of: Callable[[str], int]


def data_of(name: str, content: bytes) -> Any:
    """JSON or YAML, by its content: a mapping or a list. Raises Unusable with the first thing that is wrong."""
    return located(name, content).data


def located(name: str, content: bytes) -> Located:
    """As `data_of`, with lines."""
    text = text_of(content)
    if text.lstrip()[:1] in ("{", "[") and not name.endswith((".yaml", ".yml")):
        return Located(json_of(text), _lines_of_json(text))
    listed = _LIST.match(text) is not None
    if listed:  # the catalog reads mappings only
        text = "list:\n" + _START.sub(r"\1\n", text)
    parsed = parse(name, text.encode())
    if parsed.data is None or parsed.findings:
        first = parsed.findings[0]
        line = first.line - 1 if listed else first.line
        raise Unusable(f"line {line}: {first.message}" if line > 0 else first.message)
    if listed:
        return Located(parsed.data["list"], lambda path: parsed.lines.at(f"list.{path}") - 1)
    return Located(parsed.data, parsed.lines.at)


def _lines_of_json(text: str) -> Callable[[str], int]:
    """JSON is YAML, but for some white space; where it is not, no line is known."""

    @cache
    def lines() -> Callable[[str], int]:
        return parse("json", f'{{"json": {text}}}'.encode()).lines.at

    return lambda path: lines()(f"json.{path}")


def json_of(text: str) -> Any:
    """JSON within the limits that documents have. Raises Unusable."""
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except RecursionError:
        raise Unusable(f"is nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise Unusable(f"line {error.lineno}: is no JSON: {error.msg}") from None
    except ValueError as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable("holds a number that is too long") from None
    _limit(data)
    return data


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Unusable(f"key {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _not_finite(word: str) -> NoReturn:
    raise Unusable(f"{word} is no number of JSON")


def _limit(data: Any) -> None:
    level, nodes = [data], 0
    for _ in range(MAX_DEPTH + 1):
        nodes += len(level)
        if nodes > MAX_NODES:
            raise Unusable(f"holds more than {MAX_NODES} values")
        for value in level:
            if isinstance(value, int | float) and not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise Unusable("holds a number beyond 2^53")
        level = [item for value in level for item in _below(value)]
        if not level:
            return
    raise Unusable(f"is nested deeper than {MAX_DEPTH} levels")


def _below(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def front_matter(name: str, content: bytes) -> tuple[dict[str, Any], str, int]:
    """(data, text behind it, number of lines before that text). Raises Unusable; without front matter no data."""
    text = text_of(content)
    found = _FRONT.match(text)
    if found is None:
        return {}, text, 0
    data = data_of(f"{name}.yaml", found.group(1).encode()) if found.group(1).strip() else {}
    if not isinstance(data, dict):
        raise Unusable("the front matter is no mapping")
    return data, text[found.end() :], text.count("\n", 0, found.end())
