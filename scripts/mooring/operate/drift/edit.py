"""The smallest edit of a document that makes it say another value, and what it must not touch."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from mooring.catalog import history
from mooring.catalog.catalog import Entry
from mooring.catalog.editing.places import compose, content_end
from mooring.catalog.editing.retext import CannotEdit, retext
from mooring.catalog.editing.values import replaced
from mooring.catalog.versions import raised
from mooring.errors import Refused
from mooring.operate.drift.leaves import Path as Place
from mooring.operate.drift.leaves import put, there


class CannotAdopt(Exception):
    """A value cannot be written into the documents; the argument says why."""


def edited(entry: Entry, text: str, values: Mapping[Place, Any], version: str) -> str:
    """The text with other values and another version. Raises CannotAdopt.

    Whatever is written is spliced; what the file left to a default gets a line of its own.
    """
    made, data = text, dict(entry.data)
    for path, value in {**values, ("version",): version}.items():
        after = put(data, path, value)
        made, data = _spliced(entry.file, made, data, after, path), after
    _only(entry.file, text, made, [*values, ("version",)])
    return made


def _spliced(file: str, text: str, before: Any, after: Any, path: Place) -> str:
    if there(before, path):
        value = after
        for step in path:
            value = value[step]
        try:
            return replaced(file, text, path, value)
        except Refused:
            pass  # an item of a list, or a comment within: whole lines may still do
    try:
        return retext(text, before, after)
    except CannotEdit:
        raise CannotAdopt(f"{file}: no small edit says it; write it by hand") from None


def _only(file: str, before: str, after: str, paths: Sequence[Place]) -> None:
    """Raises CannotAdopt when a line went that holds none of the values."""
    root, allowed = compose(before), set[int]()
    for path in paths:
        allowed |= _lines(before, root, path)
    old, new = before.splitlines(), after.splitlines()
    for what, low, high, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal" and any(number not in allowed for number in range(low, high)):
            raise CannotAdopt(f"{file}:{low + 1}: the edit would touch lines of other values; write it by hand")


def _lines(text: str, root: Any, path: Place) -> set[int]:
    """The lines of a value with its key, from 0; of its nearest parent in the file where it is not written."""
    node, start = root, 0
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        else:
            items = node.value if isinstance(node, yaml.SequenceNode) else []
            found = (items[step], items[step]) if isinstance(step, int) and step < len(items) else None
        if found is None:
            return set(range(start, start + 1)) if node is not root else set()
        start, node = found[0].start_mark.line, found[1]
    return set(range(start, text.count("\n", 0, content_end(text, node)) + 1))


def next_version(root: Path, commit: str, entry: Entry) -> str:
    """The version above a document's that never stood for anything, up to a commit."""
    past = history.at(root, commit)
    history.add_past(past, root, commit, [entry.file])
    key, version = (entry.document.kind, entry.document.name), entry.document.version
    while True:
        version = raised(version, "patch")
        if version not in past.used.get(key, {}):
            return version
