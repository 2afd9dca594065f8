"""How the prompts differ that the models were given, not only the templates."""

import difflib
from collections.abc import Mapping, Sequence

from mooring.evaluate.behaviour.values import PromptDiff

CONTEXT = 2
"""Lines around a difference."""

CaseKey = tuple[str, str]


def prompt_diffs(
    old: Mapping[str, str], new: Mapping[str, str], cases: Sequence[CaseKey]
) -> tuple[tuple[PromptDiff, ...], dict[CaseKey, int]]:
    """Different prompts of cases that have one on both sides; those that differ alike are one, the most common first.

    Also says which of them a case has.
    """
    found: dict[tuple[str, ...], list[CaseKey]] = {}
    shown: dict[tuple[str, ...], tuple[str, ...]] = {}
    for key in cases:
        before, now = old.get("/".join(key)), new.get("/".join(key))
        if before is None or now is None or before == now:
            continue
        lines = _unified(before, now)
        marked = tuple(line for line in lines if line[:1] in "+-")
        shown.setdefault(marked, lines)
        found.setdefault(marked, []).append(key)
    order = sorted(found, key=lambda marked: (-len(found[marked]), found[marked][0]))
    diffs = tuple(PromptDiff(shown[marked], tuple("/".join(key) for key in found[marked])) for marked in order)
    return diffs, {key: number for number, marked in enumerate(order) for key in found[marked]}


def _unified(before: str, now: str) -> tuple[str, ...]:
    """Without the two lines that name files; places read `@@` alone, for they depend on the case."""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), n=CONTEXT, lineterm="")
    return tuple("@@" if line.startswith("@@") else line for line in list(lines)[2:])
