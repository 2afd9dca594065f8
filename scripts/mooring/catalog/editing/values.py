"""Minimal edits of a document's text: a value is replaced or an item added, and no other byte changes.

An edit that would lose a comment, or make the document say anything else than was meant, is refused.
"""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from mooring.catalog.parse import parse
from mooring.catalog.yaml_text import yaml_text
from mooring.errors import Refused
from mooring.outcome import Reason

Path = Sequence[str | int]
"""Keys and places in lists, from the document's root."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A value of a document: its node, that of its key where it has one, and whether it stands within `{}` or `[]`."""

    node: yaml.Node
    key: yaml.Node | None
    in_flow: bool


def replaced(file: str, text: str, path: Path, value: Any) -> str:
    """The text with another value at `path`, which is the value of a key. Refused(FINDINGS); `file` is for messages."""
    found = _find(file, text, path)
    if found.key is None:
        raise _refused(file, found, path, "is no value of a key")
    start, end = found.key.start_mark.index, _end(text, found.node)
    if _has_comment(text, found.node, found.key.end_mark.index, end):
        raise _refused(file, found, path, "a comment stands in it, which would be lost")
    wanted = _data(file, text)
    _put(wanted, path, value)
    one_line = f"{_source(text, found.key)}: {json.dumps(value, ensure_ascii=False)}"
    lines = _indented(yaml_text({path[-1]: value}), found.key.start_mark.column, _break(text)).rstrip()
    for candidate in (one_line,) if found.in_flow else (lines, one_line):
        edited = f"{text[:start]}{candidate}{text[end:]}"
        if _data(file, edited) == wanted:
            return edited
    raise _refused(file, found, path, "it cannot be replaced without changing what stands around it")


def appended(file: str, text: str, path: Path, item: str) -> str:
    """The text with one more item at the end of the list at `path`; `item` is the YAML of a list with it alone.

    Refused(FINDINGS).
    """
    text += _break(text) * (not text.endswith("\n"))
    found = _find(file, text, path)
    node = found.node
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _refused(file, found, path, "is no list with items, to which one could be added")
    wanted = _data(file, text)
    _at(wanted, path).append(_data(file, f"item:\n{item}")["item"][0])
    if node.flow_style:
        end = node.value[-1].end_mark.index
        edited = f"{text[:end]}, {item.strip().removeprefix('- ')}{text[end:]}"
    else:
        column, newline = node.start_mark.column, _break(text)
        head, rest = _split(text, _end(text, node), column)
        edited = f"{head}{newline * (not head.endswith(newline))}{_indented(item, column, newline, first=True)}{rest}"
    if _data(file, edited) != wanted:
        raise _refused(file, found, path, "nothing can be added to it without changing what stands there")
    return edited


def _split(text: str, end: int, column: int) -> tuple[str, str]:
    """The text before and after what belongs to a list: also the comments below it that are indented further."""
    lines = text[end:].splitlines(keepends=True)
    taken = lines[0] if lines else ""
    for number, line in enumerate(lines[1:], start=1):
        bare = line.lstrip(" ")
        if bare.strip() and not (bare.startswith("#") and len(line) - len(bare) > column):
            break
        if bare.strip():
            taken = "".join(lines[: number + 1])
    return text[: end + len(taken)], text[end + len(taken) :]


def _find(file: str, text: str, path: Path) -> _Found:
    root: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
    found = _Found(root, None, in_flow=False)
    for step in path:
        node, in_flow = found.node, found.in_flow or bool(getattr(found.node, "flow_style", False))
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == step]
        else:
            listed = node.value if isinstance(node, yaml.SequenceNode) else []
            pairs = [(None, listed[step])] if isinstance(step, int) and step < len(listed) else []
        if not pairs:
            raise _refused(file, found, path, "is not there")
        found = _Found(pairs[0][1], pairs[0][0], in_flow)
    return found


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    """Scalars, and empty collections, in the order of the text."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from (*_leaves(key), *_leaves(value))
    elif isinstance(node, yaml.SequenceNode) and node.value:
        for value in node.value:
            yield from _leaves(value)
    else:
        yield node


def _end(text: str, node: yaml.Node) -> int:
    """Where the text of a value ends; YAML's own mark of a block is at what comes after it."""
    if getattr(node, "flow_style", False):
        return int(node.end_mark.index)
    last: yaml.Node = node
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        item = last.value[-1]
        last = item[1] if isinstance(last, yaml.MappingNode) else item
    return len(text[: last.end_mark.index].rstrip())


def _has_comment(text: str, node: yaml.Node, start: int, end: int) -> bool:
    """Whether there is a `#` between `start` and `end` outside of scalars."""
    at, between = start, []
    for leaf in _leaves(node):
        between.append(text[at : leaf.start_mark.index])
        at = leaf.end_mark.index
    return any("#" in piece for piece in (*between, text[at:end]))


def _indented(text: str, column: int, newline: str, *, first: bool = False) -> str:
    """The lines of a text, all but the first one, or with it, moved to the right."""
    lines = text.splitlines()
    moved = [f"{' ' * column}{line}" if line and (number or first) else line for number, line in enumerate(lines)]
    return newline.join(moved) + newline


def _break(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _source(text: str, node: yaml.Node) -> str:
    return text[node.start_mark.index : node.end_mark.index]


def _data(file: str, text: str) -> Any:
    """What the text says; None when it is no document."""
    found = parse(file, text.encode())
    return None if found.findings else deepcopy(found.data)


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _put(data: Any, path: Path, value: Any) -> None:
    _at(data, path[:-1])[path[-1]] = value


def _refused(file: str, found: _Found, path: Path, why: str) -> Refused:
    place = ".".join(map(str, path))
    line = (found.key or found.node).start_mark.line + 1
    return Refused(Reason.FINDINGS, f"{file}:{line} {place}: {why}; the file is as it was", "write it there by hand")
