"""The text of a document, edited so that it says other data: what did not change keeps its words and its comments.

Edits are found by comparing the data before and after, so that a migration is a function on data alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

import yaml

from mooring.catalog.editing.places import Entry, Node, compose, content_end, entry, is_block, line_end, line_start
from mooring.catalog.parse import parse
from mooring.catalog.yaml_text import yaml_text


class CannotEdit(Exception):
    """No edit of the text says the new data."""


def retext(text: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """The edited text. Raises CannotEdit; what is returned was read again and says `after`."""
    for whole in (False, True):
        try:
            editor = _Editor(text, whole=whole)
            editor.change(compose(text), before, after)
            edited = editor.result()
        except (yaml.YAMLError, ValueError):
            continue
        read = parse("", edited.encode())
        if not read.findings and same(read.data, after):
            return edited
    raise CannotEdit


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where 1 is not true."""
    return _key(one) == _key(other)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@dataclass(slots=True)
class _Editor:
    """Collects edits as (start, end, new text). With `whole`, a top-level key that changed is written anew."""

    text: str
    whole: bool
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    removed: dict[str, str] = field(default_factory=dict)
    """The text of entries that were removed, by their value: where the value comes back, so does its text."""
    later: list[Callable[[], None]] = field(default_factory=list)

    def result(self) -> str:
        for insert in self.later:
            insert()
        text = self.text
        ordered = sorted(enumerate(self.edits), key=lambda edit: (edit[1][:2], edit[0]), reverse=True)
        for _, (start, end, new) in ordered:
            text = text[:start] + new + text[end:]
        return text

    def change(self, node: Node, before: Any, after: Any) -> None:
        """Edits the value at `node`, which is the document or an item of a list."""
        if same(before, after):
            return
        if is_block(node) and isinstance(before, dict) and isinstance(after, dict) and after:
            self._mapping(node, before, after)
        elif is_block(node) and isinstance(before, list) and isinstance(after, list) and after:
            self._sequence(node, before, after)
        else:
            self._replace(node, after)

    def _replace(self, node: Node, after: Any) -> None:
        """Writes a value anew where it stands, which is no value of a key in a block mapping."""
        start = node.start_mark.index
        column = start - line_start(self.text, start)
        if isinstance(after, list):
            new = yaml_text(after, flow=True).rstrip("\n")
        else:
            new = _indented(yaml_text([after])[2:].replace("\n  ", "\n"), column)
        self.edits.append((start, content_end(self.text, node), new))

    def _value(self, found: Entry, before: Any, after: Any, *, whole: bool) -> None:
        """Edits the value of a key in a block mapping."""
        node = found.value
        deeper = is_block(node) and isinstance(after, dict | list) and isinstance(before, type(after)) and after
        if deeper and not whole:
            self.change(node, before, after)
            return
        flow = isinstance(node, yaml.CollectionNode) and node.flow_style and bool(node.value)
        new = self._behind_colon(after, found.column, flow=bool(flow) and isinstance(after, dict | list))
        if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">") and not new.startswith("\n"):
            start = max(found.colon, node.start_mark.index)
            self.edits.append((start, found.end, new if start == found.colon else new.lstrip()))
        else:
            self.edits.append((found.colon, found.end, new))

    def _behind_colon(self, value: Any, column: int, *, flow: bool = False) -> str:
        """What stands behind `key:`, from the blank or the line break on."""
        if flow:
            return " " + yaml_text(value, flow=True).rstrip("\n")
        return _indented(yaml_text({"k": value})[2:].removesuffix("\n"), column)

    def _mapping(self, node: Node, before: dict[str, Any], after: dict[str, Any]) -> None:
        entries = {key.value: entry(self.text, key, value) for key, value in node.value}
        gone = [key for key in before if key not in after]
        new = [key for key in after if key not in before]
        if len(gone) == len(before) and not any(same(before[key], after[to]) for key in gone for to in new):
            raise ValueError("nothing of this mapping stays")
        top = node.start_mark.index == 0 or entries[next(iter(entries))].column == 0
        for key in before:
            if key in after and not same(before[key], after[key]):
                self._value(entries[key], before[key], after[key], whole=self.whole and top)
        for old in list(gone):
            to = next((key for key in new if same(before[old], after[key])), None)
            if to is not None:
                found = entries[old]
                self.edits.append((found.start, found.colon, yaml_text({to: 0}).rstrip("0 \n")))
                gone.remove(old)
                new.remove(to)
                entries[to] = found
        for key in gone:
            self._remove(entries, key, before[key], gone)
        for at, key in [(at, key) for at, key in enumerate(after) if key in new]:
            self._insert(entries, [name for name in list(after)[:at] if name not in new], gone, key, after[key])

    def _remove(self, entries: dict[str, Entry], key: str, value: Any, gone: list[str]) -> None:
        found = entries[key]
        lines = self.text[found.colon : line_end(self.text, found.end)].rstrip("\n").split("\n")
        rest = [line[min(found.column, len(line) - len(line.lstrip(" "))) :] for line in lines[1:]]
        self.removed.setdefault(_key(value), "\n".join([lines[0], *rest]))
        if found.alone:
            self.edits.append((line_start(self.text, found.start), line_end(self.text, found.end), ""))
            return
        names = list(entries)
        following = next((name for name in names[names.index(key) + 1 :] if name not in gone), None)
        if following is None or names.index(following) != names.index(key) + 1:
            raise ValueError("the first line of an item cannot go alone")
        self.edits.append((found.start, entries[following].start, ""))

    def _insert(self, entries: dict[str, Entry], known: list[str], gone: list[str], key: str, value: Any) -> None:
        """Puts a key behind the last of `known`, the keys before it, or at the end of the mapping.

        Where entries that go stood there, it takes their place: a comment above them tells of it.
        """
        staying = [name for name in known if name in entries] or [name for name in entries if name not in gone]
        anchor = entries[staying[-1]]
        end, names = anchor.end, list(entries)
        for name in names[names.index(staying[-1]) + 1 :]:
            if name not in gone or not entries[name].alone:
                break
            end = entries[name].end
        at = line_end(self.text, end)
        name = yaml_text({key: 0}).rstrip("0 \n")
        broken = "" if self.text[:at].endswith("\n") else "\n"

        def insert() -> None:
            carried = self.removed.get(_key(value)) if not self.whole else None
            behind = self._behind_colon(value, anchor.column)
            if carried is not None:
                behind = _indented(carried, anchor.column)
            self.edits.append((at, at, f"{broken}{' ' * anchor.column}{name}{behind}\n"))

        self.later.append(insert)

    def _sequence(self, node: Node, before: list[Any], after: list[Any]) -> None:
        start = node.start_mark.index
        begin = line_start(self.text, start)
        if self.text[begin:start].strip():
            raise ValueError("a list inside the line of another item")
        old, new = [_key(item) for item in before], [_key(item) for item in after]
        for what, low, high, from_, to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            both = min(high - low, to - from_) if what == "replace" else 0
            for at in range(both):
                self.change(node.value[low + at], before[low + at], after[from_ + at])
            if what != "equal":
                self._items(node, start - begin, range(low + both, high), after[from_ + both : to])

    def _items(self, node: Node, column: int, gone: range, added: list[Any]) -> None:
        ends = [line_end(self.text, content_end(self.text, item)) for item in node.value]
        for at in gone:
            dash = self.text.rindex("-", 0, max(node.value[at].start_mark.index, 1) + 1)
            self.edits.append((line_start(self.text, dash), ends[at], ""))
        if added:
            at = ends[gone.start - 1] if gone.start else line_start(self.text, node.start_mark.index)
            lines = "".join(_indented(f"{' ' * column}{yaml_text([item])}", column) for item in added)
            self.edits.append((at, at, lines))


def _indented(text: str, column: int) -> str:
    """`text` with every line but the first moved to the right; empty lines stay empty."""
    first, *rest = text.removesuffix("\n").split("\n")
    lines = [f"{' ' * column}{line}" if line.strip() else "" for line in rest]
    return "\n".join([first, *lines]) + ("\n" if text.endswith("\n") else "")
