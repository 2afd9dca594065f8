"""Where keys, values and items of block YAML begin and end in its text."""

from dataclasses import dataclass
from typing import Any

import yaml

Node = Any
"""A node of PyYAML, which has no types."""


def compose(text: str) -> Node:
    """The nodes of a text that `parse` accepts, which read it with libyaml too. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Behind the line break of the line that `at` is in."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def is_block(node: Node) -> bool:
    """Whether a node is a list or a mapping that is written line by line."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def content_end(text: str, node: Node) -> int:
    """Behind the last character of a value; comments and empty lines that follow are not its own."""
    if is_block(node) and node.value:
        last = node.value[-1]
        return content_end(text, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        end = start + len(text[start:end].rstrip())
        last_line = text[line_start(text, end) : end].lstrip()
        while last_line.startswith("#") and _outside(text, end, node):
            end = len(text[: line_start(text, end)].rstrip())
            last_line = text[line_start(text, end) : end].lstrip()
    return int(end)


def _outside(text: str, end: int, node: Node) -> bool:
    """Whether the line before `end` is a comment behind a block scalar, since it is indented less than its text."""
    lines = [line for line in text[line_end(text, node.start_mark.index) : end].splitlines() if line.strip()]
    return bool(lines) and _indent(lines[-1]) < _indent(lines[0])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value in a block mapping; `column` is the key's, in characters."""

    key: Node
    value: Node
    start: int
    colon: int
    end: int
    column: int
    alone: bool
    """Whether nothing but blanks stands before the key in its line."""


def entry(text: str, key: Node, value: Node) -> Entry:
    start = key.start_mark.index
    begin = line_start(text, start)
    colon = text.index(":", key.end_mark.index) + 1
    end = max(colon, content_end(text, value))
    return Entry(key, value, start, colon, end, start - begin, not text[begin:start].strip())
