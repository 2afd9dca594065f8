"""Takes a value out of the text of a YAML document, so that everything else stays as it is written."""

from collections.abc import Sequence

import yaml

Node = yaml.Node
Path = Sequence[str | int]
"""Keys, and numbers in lists from 0."""


def without(text: str, path: Path) -> str:
    """The text without the value at `path`, which is there: an item of a list, or a key with its value.

    Comments right above it go with it. A list or mapping that would be empty goes as a whole.
    """
    text, root = _read(text)
    parent = _at(root, path[:-1])
    items = _items(parent)
    if len(items) == 1 and len(path) > 1:
        return without(text, path[:-1])
    index = next(i for i, (key, _, _) in enumerate(items) if key == path[-1])
    lines = text.splitlines(keepends=True)
    begin = items[index][1].start_mark
    key_after_dash = isinstance(parent, yaml.MappingNode) and lines[begin.line][: begin.column].strip()
    if _is_flow(parent) or key_after_dash:
        start, end = _between(items, index)
        return text[:start] + text[end:]
    first, last = begin.line, _last_line(items[index][2])
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "".join(lines[:first] + lines[last + 1 :])


def _read(text: str) -> tuple[str, Node]:
    """The text, its last line ended, and what stands in it."""
    ended = text if text.endswith("\n") else f"{text}\n"
    root = yaml.compose(ended, Loader=yaml.SafeLoader)
    if root is None:
        raise ValueError("an empty document has no values")
    return ended, root


def _is_flow(node: Node) -> bool:
    """Whether a list or mapping is written in brackets or braces."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _at(node: Node, path: Path) -> Node:
    for step in path:
        node = next(value for key, _, value in _items(node) if key == step)
    return node


def _items(node: Node) -> list[tuple[str | int, Node, Node]]:
    """(key or index, node where it begins, node of the value)."""
    if isinstance(node, yaml.MappingNode):
        return [(key.value, key, value) for key, value in node.value]
    return [(index, item, item) for index, item in enumerate(node.value)]


def _between(items: Sequence[tuple[str | int, Node, Node]], index: int) -> tuple[int, int]:
    """From where to where an item goes, with what stands between it and its neighbour, such as a comma."""
    if index + 1 < len(items):
        return items[index][1].start_mark.index, items[index + 1][1].start_mark.index
    return items[index - 1][2].end_mark.index, items[index][2].end_mark.index


def _last_line(node: Node) -> int:
    """The last line of a value; the end of a block collection is where the next token begins."""
    if isinstance(node, yaml.ScalarNode):
        return node.end_mark.line - (node.style in ("|", ">"))
    if _is_flow(node):
        return int(node.end_mark.line)
    return _last_line(_items(node)[-1][2])
