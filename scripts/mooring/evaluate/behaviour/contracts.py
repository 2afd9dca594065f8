"""What changes of prompts and tools are to those who depend on them, in terms of semver (https://semver.org).

Arguments may become more, results must not become less: who calls must go on being understood, who reads must go on
finding what was there.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from mooring.change.change import Change
from mooring.change.kinds.schema import narrowings
from mooring.change.wording import show
from mooring.evaluate.behaviour.results import losses
from mooring.evaluate.behaviour.values import LEVELS, Contract, Level

Found = Iterator[tuple[Level, str]]
Rule = Callable[[Change], Found]


def contracts(changes: Sequence[Change]) -> tuple[Contract, ...]:
    """One for every prompt and tool whose meaning changed, the greatest level first."""
    ours = [change for change in changes if change.kind in {"prompt", "tool"} and change.code != "document.metadata"]
    found = [
        contract
        for _, together in groupby(sorted(ours, key=lambda one: (one.kind, one.name)), key=lambda one: one.document)
        if (contract := _contract(tuple(together)))
    ]
    return tuple(sorted(found, key=lambda one: (-LEVELS.index(one.level), one.document)))


def _contract(changes: tuple[Change, ...]) -> Contract | None:
    """None for a document that is new: nobody depends on it yet."""
    found = [one for change in changes for one in RULES.get(change.code, _other)(change)]
    if not found:
        return None
    level = max((level for level, _ in found), key=LEVELS.index)
    first = changes[0]
    return Contract(
        document=first.document,
        level=level,
        declared="major" if first.versions[1] is None else _declared(*first.versions),
        versions=first.versions,
        owner=first.owner,
        texts=tuple(dict.fromkeys(text for of, text in found if of == level)),
        # Versions are honest: a prompt that stayed at its version has not changed itself.
        inherited=first.kind == "prompt" and first.versions[0] == first.versions[1],
    )


def _declared(old: str | None, new: str | None) -> Level | None:
    """What a rise of the version says it is; before 1.0.0 the second number is the first (semver, section 4)."""
    before, now = _numbers(old), _numbers(new)
    if now <= before:
        return None
    if now[0] > before[0]:
        return "major"
    if now[1] > before[1]:
        return "major" if now[0] == 0 else "minor"
    return "patch"


def _numbers(version: str | None) -> tuple[int, int, int]:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version or "")
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def _other(change: Change) -> Found:
    yield "patch", change.sentence


def _always(level: Level) -> Rule:
    def rule(change: Change) -> Found:
        yield level, change.sentence

    return rule


def _nothing(_: Change) -> Found:
    yield from ()


def _variable_added(change: Change) -> Found:
    yield "minor", f"new input variable {show(change.path.rsplit('.', 1)[-1])}"


def _input(change: Change) -> Found:
    """`required` in the input's schema, another of its keywords, or one variable."""
    name = change.path.rsplit(".", 1)[-1]
    if name == "required":
        before, after = change.before or [], change.after or []
        yield from (("major", f"input variable {show(one)} is required now") for one in after if one not in before)
        yield from (("minor", f"input variable {show(one)} may be left out") for one in before if one not in after)
    elif isinstance(change.before, dict) and isinstance(change.after, dict):
        narrower = list(narrowings(change.before, change.after, name))
        yield from (("major", f"input variable {text}") for text in narrower)
        if not narrower:
            yield "minor", change.sentence
    else:
        yield ("minor" if change.after is None or change.after is True else "major"), change.sentence


def _results(what: str) -> Rule:
    def rule(change: Change) -> Found:
        lost = list(losses(change.before, change.after))
        yield from (("major", f"{what} {text}") for text in lost)
        if not lost:
            yield "minor", f"{what} promises more than before"

    return rule


def _arguments(change: Change) -> Found:
    yield "minor", change.sentence


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "prompt.added": _nothing,
        "prompt.input-changed": _input,
        "prompt.layout": _nothing,
        "prompt.output-changed": _results("output"),
        "prompt.removed": _always("major"),
        "prompt.variable-added": _variable_added,
        "prompt.variable-removed": _always("major"),
        "tool.added": _nothing,
        "tool.gained-approval": _always("minor"),
        "tool.gained-destructive": _always("major"),
        "tool.gained-open-world": _always("minor"),
        "tool.gained-write": _always("major"),
        "tool.idempotency-changed": _always("minor"),
        "tool.idempotency-lost": _always("major"),
        "tool.input-changed": _arguments,
        "tool.input-narrowed": _always("major"),
        "tool.output-changed": _results("result"),
        "tool.removed": _always("major"),
        "tool.renamed": _always("major"),
    }
)
"""By code of the change; what is not here is a patch."""
