"""Repository: which of its settings protect less of what is merged or deployed."""

from collections.abc import Iterator
from typing import Any

from mooring.change.rules import Sides, number, turned
from mooring.change.walk import Note, Rule, Rules
from mooring.change.wording import show

WEAKENED, CHANGED, REVIEWERS = "repository.weakened", "repository.changed", "repository.reviewers-changed"

PROTECTS = {
    "merging.upToDate": "checks on top of the newest commit",
    "merging.codeOwners": "approval by an owner of each changed file",
    "merging.dismissStale": "approvals that end with the next push",
    "merging.approveLastPush": "approval by somebody else than who pushed last",
    "merging.resolveConversations": "resolved conversations",
    "actions.pinned": "actions that are pinned to commits",
}
"""Flags by which more is protected, and what they demand."""

OPENS = {
    "actions.githubOwned": "actions by GitHub itself",
    "actions.verified": "actions by verified creators",
    "actions.createPullRequests": "pull requests that workflows open",
}
"""Flags by which more is allowed, and what that is."""

ORDERED = {
    "actions.allowed": ("all", "selected", "local"),
    "actions.forkApproval": ("new-to-github", "first-time", "everyone"),
    "actions.token": ("write", "read"),
}
"""Choices, the one that protects least first."""


def rules(_: Sides) -> Rules:
    return {
        **{path: turned((CHANGED, f"demands {what}"), (WEAKENED, f"no longer demands {what}"))
           for path, what in PROTECTS.items()},
        **{path: turned((WEAKENED, f"allows {what}"), (CHANGED, f"no longer allows {what}"))
           for path, what in OPENS.items()},
        **{path: _chosen(path.partition(".")[2], order) for path, order in ORDERED.items()},
        "merging.approvals": number(CHANGED, WEAKENED, "approvals that a pull request needs"),
        "merging.checks": _listed("check", more=CHANGED, fewer=WEAKENED),
        "actions.patterns": _listed("action", more=WEAKENED, fewer=CHANGED),
        "actions.switchedOff": _listed("switched-off workflow", more=WEAKENED, fewer=CHANGED),
        "environments": environments,
        "secrets": secrets,
    }  # fmt: skip


def _chosen(what: str, order: tuple[str, ...]) -> Rule:
    def rule(before: Any, after: Any) -> Iterator[Note]:
        weaker = order.index(after) < order.index(before)
        yield Note(WEAKENED if weaker else CHANGED, f"{what} {show(before)} → {show(after)}")

    return rule


def _listed(what: str, *, more: str, fewer: str) -> Rule:
    def rule(before: Any, after: Any) -> Iterator[Note]:
        for one in sorted(set(before) - set(after)):
            yield Note(fewer, f"{what} {show(one)} removed", values=(one, None))
        for one in sorted(set(after) - set(before)):
            yield Note(more, f"{what} {show(one)} added", values=(None, one))
        if sorted(before) == sorted(after):
            yield Note(CHANGED, f"lists each {what} in another order")

    return rule


def environments(before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield Note(CHANGED, f"environment {show(name)} is protected", name, (None, now))
        elif now is None:
            yield Note(WEAKENED, f"environment {show(name)} is no longer protected", name, (was, None))
        else:
            yield from _environment(name, was, now)


def _environment(name: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[Note]:
    for key in sorted(was.keys() | now.keys()):
        old, new = was.get(key), now.get(key)
        if old != new:
            text = f"environment {show(name)}: {key} {_words(old)} → {_words(new)}"
            yield Note(_code(key, old, new), text, f"{name}.{key}", (old, new))


def _code(key: str, old: Any, new: Any) -> str:
    match key:
        case "reviewers" if sorted(old) == sorted(new):
            return CHANGED
        case "reviewers" if old and new:
            return REVIEWERS
        case "reviewers":
            return WEAKENED if old else CHANGED
        case "branches":
            return CHANGED if set(new) <= set(old) else WEAKENED
        case "waitMinutes":
            return WEAKENED if new < old else CHANGED
    return WEAKENED if new else CHANGED  # selfReview


def _words(value: Any) -> str:
    return show(", ".join(value) or "nobody") if isinstance(value, list) else show(value)


def secrets(before: Any, after: Any) -> Iterator[Note]:
    """Only names are there, which nobody can use."""
    old, new = ({(one["name"], one["environment"]): one for one in side} for side in (before, after))
    for key in sorted(old.keys() | new.keys(), key=str):
        name, environment = key
        where = f" of environment {show(environment)}" if environment else ""
        if key not in new:
            yield Note(CHANGED, f"secret {show(name)}{where} is no longer needed", values=(old[key], None))
        elif key not in old:
            yield Note(CHANGED, f"secret {show(name)}{where} is needed", values=(None, new[key]))
        elif old[key] != new[key]:
            yield Note(CHANGED, f"secret {show(name)}{where} has another reason", values=(old[key], new[key]))
    if old == new:
        yield Note(CHANGED, "lists its secrets in another order")
