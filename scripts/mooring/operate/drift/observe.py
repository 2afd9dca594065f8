"""Looks at an environment from all sides and reports what differs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mooring.errors import Stopped
from mooring.operate.drift import git as from_git
from mooring.operate.drift.compare import Sides, compare
from mooring.operate.drift.difference import Difference, Moved
from mooring.operate.drift.sides import Deployed, Git, Ledger, Running, Shelf, Target, deployed, running
from mooring.release.program import program
from mooring.rollout.notes import SEEN, notes


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `unknown` says why nothing is known of what runs, "" when something is."""

    environment: str
    git: Git
    deployed: Deployed | None
    differences: tuple[Difference, ...]
    unknown: str = ""
    slots: tuple[Running, ...] = ()

    @property
    def live(self) -> Running | None:
        """The slot that has the traffic, as far as it is known."""
        return next((slot for slot in self.slots if slot.live), None)

    @property
    def certain(self) -> bool:
        """Whether every part of the environment could be asked."""
        unseen = (Moved.UNKNOWN, Moved.SETTINGS_UNKNOWN)
        return not self.unknown and all(one.moved not in unseen for one in self.differences)

    @property
    def open(self) -> tuple[Difference, ...]:
        """What is not tolerated."""
        return tuple(one for one in self.differences if one.answer.what != "tolerate")

    def data(self) -> dict[str, Any]:
        """JSON-able. `in_sync` only when everything could be asked and nothing differs."""
        return {
            "environment": self.environment,
            "ref": self.git.ref,
            "commit": self.git.commit,
            "git": self.git.release.digest,
            "deployed": self.deployed.digest if self.deployed else None,
            "in_sync": self.certain and not self.differences,
            "unknown": self.unknown,
            "differences": [one.data() for one in self.differences],
        }


def observe(root: Path, environment: str, ref: str | None, target: Target, ledger: Ledger) -> Report:
    """The report on an environment, by default against the default branch. Changes nothing.

    UsageError or FindingsError when git makes no release of it; a target that does not answer is `unknown`.
    """
    shelf = Shelf(target)
    was = deployed(ledger, environment, shelf)
    git = from_git.side(root, ref or from_git.default_branch(root), environment, was)
    try:
        facts = target.facts()
        slots, by_hand, unknown = running(target, facts), target.edits(), ""
    except Stopped as stopped:
        slots, by_hand, unknown = [], (), str(stopped)
    state = ledger.state(environment)
    for digest in {slot.wanted for slot in slots} | set(state.trail[-1:]):
        shelf.get(digest)
    base = was.base if was else None
    same = base is not None and base.digest == git.release.digest
    merged, since = (True, None) if same else from_git.between(root, was.commit if was else None, git.commit)
    sides = Sides(git, was, slots, shelf.whole, shelf.altered, merged, since, git.program or program())
    found = compare(sides)
    found += [Difference(Moved.IN_PLACE, one.where, one.sentence, one.who, since=one.since) for one in by_hand]
    if unknown:
        found = [one for one in found if one.moved is not Moved.UNKNOWN]
    return Report(environment, git, was, tuple(aged(found, ledger, environment)), unknown, tuple(slots))


def aged(found: Sequence[Difference], ledger: Ledger, environment: str) -> list[Difference]:
    """With the time each was first seen, where it does not say when it began."""
    if not found:
        return []
    seen = notes(ledger.entries(NOTES, environment), SEEN)
    return [one if one.since is not None else replace(one, since=_first(seen, one.key)) for one in found]


NOTES = 1000
"""How far back the ledger is searched for notes."""


def _first(seen: Sequence[tuple[float, frozenset[str]]], key: str) -> float | None:
    """Since when a difference was in every note; None when it is not in the newest."""
    first = None
    for at, keys in seen:
        if key not in keys:
            break
        first = at
    return first
