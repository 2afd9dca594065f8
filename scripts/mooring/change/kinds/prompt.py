"""Prompts: lines gone, new, moved or reworded, and whether they were there for safety."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from mooring.change.kinds.schema import properties_of
from mooring.change.rules import Sides, moved
from mooring.change.walk import Note, Rules, same
from mooring.change.wording import quote, show

SAFETY_LINE = re.compile(
    r"\b(never|must|only|always|do(?:es)? not|don.t|cannot|can.t|may not|not allowed|forbid\w*|refuse\w*"
    r"|decline|approv\w*|confirm\w*|without|unless|require\w*|prohibit\w*|confidential|personal data)\b",
    re.IGNORECASE,
)
"""A line of a system message that forbids or demands. English; what it misses is still a line removed."""

SAFETY_PART = re.compile(r"safety|polic(y|ies)|guardrail|compliance|privacy|security")

ALIKE = 0.5
"""From this similarity on, two lines are one that was reworded (difflib's ratio, 0 to 1)."""


class Line(NamedTuple):
    role: str
    text: str

    @property
    def guards(self) -> bool:
        return self.role == "system" and SAFETY_LINE.search(self.text) is not None


def rules(sides: Sides) -> Rules:
    return {
        "input": inputs,
        "messages": partial(_messages, through(sides.before, sides.after)),
        "output": moved("prompt.output-changed", "output"),
        "parts": partial(_parts, same(sides.before["messages"], sides.after["messages"])),
    }


def through(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Where a prompt's text may have changed: ` (through shared/tone 1.0.0 → 1.1.0)`, or "" for in itself."""
    old, new = before["parts"], after["parts"]
    parts = [
        f"{show(name)} {show(old.get(name))} → {show(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]
    if not parts:
        return ""
    here = "here or " * (before["version"] != after["version"])
    return f" ({here}through {' or '.join(parts)})"


def _messages(where: str, before: Any, after: Any) -> Iterator[Note]:
    old, new = list(_lines(before)), list(_lines(after))
    gone, fresh = Counter(old) - Counter(new), Counter(new) - Counter(old)
    removed = [line for line in old if _take(gone, line)]
    added = [line for line in new if _take(fresh, line)]
    for line, other in _pairs(removed, added):
        yield from _reworded(line, other, where)
    for line in removed:
        code = "prompt.safety-removed" if line.guards else "prompt.line-removed"
        word = "safety line removed" if line.guards else "line removed"
        text = f"{word} from the {line.role} message: {quote(line.text)}{where}"
        yield Note(code, text, values=(line.text, None))
    for line in added:
        text = f"line added to the {line.role} message: {quote(line.text)}{where}"
        yield Note("prompt.line-added", text, values=(None, line.text))
    if Counter(old) == Counter(new) and old != new:
        yield Note("prompt.line-moved", f"the same lines in another order{where}")
    elif old == new:
        yield Note("prompt.layout", f"the same lines, spaced or divided into messages differently{where}")


def _lines(messages: Any) -> Iterator[Line]:
    for message in messages:
        for line in message["content"].splitlines():
            if text := " ".join(line.split()):
                yield Line(message["role"], text)


def _take(bag: Counter[Line], line: Line) -> bool:
    bag[line] -= 1
    return bag[line] >= 0


def _pairs(removed: list[Line], added: list[Line]) -> list[tuple[Line, Line]]:
    """The most alike (removed, added) lines, taken out of both lists."""
    ratios = sorted(
        (-difflib.SequenceMatcher(None, old.text, new.text).ratio(), i, j)
        for i, old in enumerate(removed)
        for j, new in enumerate(added)
        if old.role == new.role
    )
    taken: dict[int, int] = {}
    for ratio, i, j in ratios:
        if -ratio >= ALIKE and i not in taken and j not in taken.values():
            taken[i] = j
    pairs = [(removed[i], added[j]) for i, j in sorted(taken.items())]
    removed[:] = [line for i, line in enumerate(removed) if i not in taken]
    added[:] = [line for j, line in enumerate(added) if j not in taken.values()]
    return pairs


def _reworded(old: Line, new: Line, where: str) -> Iterator[Note]:
    words = f"{quote(old.text)} → {quote(new.text)}{where}"
    if old.guards and not new.guards:
        yield Note("prompt.safety-removed", f"safety line removed by rewording: {words}", values=(old.text, new.text))
    elif old.guards:
        yield Note("prompt.safety-reworded", f"safety line reworded: {words}", values=(old.text, new.text))
    else:
        yield Note("prompt.changed", f"line reworded: {words}", values=(old.text, new.text))


def _parts(untouched: bool, before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if new is None and SAFETY_PART.search(name) and not untouched:
            yield Note("prompt.safety-removed", f"no longer includes {show(name)}", name, (old, new))
        elif old != new:
            yield Note("document.metadata", f"{show(name)} {show(old)} → {show(new)}", name, (old, new))


def inputs(before: Any, after: Any) -> Iterator[Note]:
    old, new = properties_of(before), properties_of(after)
    for name in sorted(new.keys() - old.keys()):
        yield Note("prompt.variable-added", f"takes the input {show(name)}", name, (None, new[name]))
    for name in sorted(old.keys() - new.keys()):
        yield Note("prompt.variable-removed", f"no longer takes the input {show(name)}", name, (old[name], None))
    for name in sorted(old.keys() & new.keys()):
        values = (old[name], new[name])
        if _untrusted(old[name]) and not _untrusted(new[name]):
            yield Note("prompt.trust-widened", f"input {show(name)} is no longer marked untrusted", name, values)
        elif not same(*values):
            yield Note("prompt.input-changed", f"input {show(name)} has another shape", name, values)
    for keyword in sorted((before.keys() | after.keys()) - {"properties"}):
        if not same(before.get(keyword), after.get(keyword)):
            words = f"{show(keyword)} {show(before.get(keyword))} → {show(after.get(keyword))}"
            yield Note("prompt.input-changed", f"input: {words}", keyword, (before.get(keyword), after.get(keyword)))


def _untrusted(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("x-untrusted") is True
