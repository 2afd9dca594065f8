"""YAML text into plain data with positions, under limits.

Scalars follow the core schema of YAML 1.2 (section 10.3), so `no`, `on` and `12:30` stay text, and dates do too.
Everything that JSON cannot say is refused: anchors, tags, merge keys, keys that are no text, infinite numbers.
Lines may end in CRLF, which means the same (YAML 1.2, section 5.4); a byte order mark is refused.
Events are read one at a time and never recursively: libyaml's composer overflows the C stack on deep input.
"""

import codecs
import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml._yaml import CParser

from mooring.catalog.positions import Positions, Spot
from mooring.finding import Finding

BOM = "starts with a byte order mark"
"""What is said of it, once a file: it would stand before the first key, where nobody sees it."""

MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_INTEGER = 2**53 - 1
"""Beyond it a number is not the same in every JSON reader (RFC 8785, section 3.1)."""

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`data` is a mapping, or None when the text is no document."""

    data: dict[str, Any] | None
    lines: Positions
    findings: list[Finding]


class _Stop(Exception):
    """Reading on makes no sense: (check, line, message)."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    value: Any
    spots: Any
    key: str | None = None
    key_line: int = 0


@dataclass(slots=True)
class _Reader:
    """Builds data and positions from events; `stack` holds what is open, outermost first."""

    file: str
    findings: list[Finding] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    value: Any = None
    spot: Spot = field(default_factory=lambda: Spot(0, 0))
    nodes: int = 0
    documents: int = 0

    def report(self, check: str, line: int, message: str) -> None:
        self.findings.append(Finding(self.file, line, "", message, check))

    def read(self, content: bytes) -> None:
        parser: Any = CParser(content)
        while (event := parser.get_event()) is not None:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._open(event, {}, {})
            elif kind is yaml.SequenceStartEvent:
                self._open(event, [], [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.stack.pop()
            elif kind is yaml.AliasEvent:
                message = f"alias *{event.anchor}: anchors and aliases are not used here; write the value out"
                raise _Stop("yaml-alias", event.start_mark.line + 1, message)
            elif kind is yaml.DocumentStartEvent:
                self._document(event)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _Stop("one-document", event.start_mark.line + 1, "a second document starts here; one file holds one")

    def _open(self, event: Any, value: Any, spots: Any) -> None:
        line = event.start_mark.line + 1
        if len(self.stack) >= MAX_DEPTH:
            raise _Stop("yaml-depth", line, f"nested deeper than {MAX_DEPTH} levels")
        self._add(event, value, line, spots)
        self.stack.append(_Open(value, spots))

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        line = mark.line + 1
        top = self.stack[-1] if self.stack else None
        if top is not None and top.key is None and type(top.value) is dict:
            self._key(top, event.value, line)
            return
        plain = event.style is None or event.style == ""
        value = self._resolve(event.value, line) if plain and event.tag is None else event.value
        self._add(event, value, line, None, line + 1 if event.style == "|" else 0)

    def _key(self, top: _Open, key: str, line: int) -> None:
        if key in top.value:
            self.report("duplicate-key", line, f"key {key!r} is there twice; first on line {top.spots[key].line}")
        elif key == "<<":
            self.report("yaml-alias", line, "merge keys are not used here; write the values out")
        top.key, top.key_line = key, line

    def _add(self, event: Any, value: Any, line: int, spots: Any, text: int = 0) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _Stop("yaml-nodes", line, f"more than {MAX_NODES} values")
        if event.tag is not None:
            self.report("yaml-tag", line, f"tag {event.tag} is not used here; values are plain YAML")
        if event.anchor is not None:
            raise _Stop("yaml-alias", line, f"anchor &{event.anchor}: anchors and aliases are not used here")
        if not self.stack:
            self.value, self.spot = value, Spot(line, text, spots)
            return
        top = self.stack[-1]
        if type(top.value) is list:
            top.value.append(value)
            top.spots.append(Spot(line, text, spots))
        elif top.key is None:
            raise _Stop("yaml-syntax", line, "a key is a list or a mapping; keys are text")
        else:
            top.value[top.key] = value
            top.spots[top.key] = Spot(top.key_line, text, spots)
            top.key = None

    def _resolve(self, text: str, line: int) -> Any:
        """The value of a plain scalar."""
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "+-.0123456789":
            return text
        number: int | float
        if _INTEGER.fullmatch(text):
            number = int(text) if len(text) <= 20 else MAX_INTEGER + 1
        elif _OTHER_BASE.fullmatch(text):
            number = int(text, 0)
        elif _FLOAT.fullmatch(text):
            number = float(text)
        elif _NOT_FINITE.fullmatch(text):
            number = math.inf
        else:
            return text
        if not math.isfinite(number) or (isinstance(number, int) and abs(number) > MAX_INTEGER):
            self.report("yaml-number", line, "a number that JSON readers do not agree on; within 2^53, and finite")
            return 0
        return number


def parse(file: str, content: bytes) -> Parsed:
    """Data, positions and findings of one file; never raises for bad content."""
    reader = _Reader(file)
    try:
        _decode(content)
        reader.read(content)
        if not reader.documents:
            raise _Stop("one-document", 1, "the file is empty")
        if type(reader.value) is not dict:
            raise _Stop("one-document", reader.spot.line, "a document is a mapping of keys to values")
    except _Stop as stop:
        reader.report(*stop.args)
        reader.value = None
    except yaml.YAMLError as error:
        reader.report("yaml-syntax", *_syntax(error, content))
        reader.value = None
    return Parsed(reader.value, Positions(reader.spot), reader.findings)


def _decode(content: bytes) -> None:
    if b"\0" in content:
        raise _Stop("encoding", 1, "is a binary file, not text")
    if content.startswith(codecs.BOM_UTF8):
        raise _Stop("encoding", 1, BOM)
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _Stop("encoding", line, f"is not UTF-8 at byte {error.start}") from None


def _syntax(error: yaml.YAMLError, content: bytes) -> tuple[int, str]:
    """(line, message for a person) of a libyaml error."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        return content.count(b"\n", 0, position) + 1, "holds a control character"
    rows = content.split(b"\n")
    if mark.line < len(rows) and b"\t" in rows[mark.line][: mark.column + 1]:
        return mark.line + 1, "a tab is used for indentation; YAML wants spaces"
    context = getattr(error, "context", None)
    problem = getattr(error, "problem", None) or "broken YAML"
    return mark.line + 1, f"{problem} {context}" if context else problem
