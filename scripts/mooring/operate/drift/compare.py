"""Compares the three sides, and says of each difference which one moved. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mooring.change.change import Change
from mooring.change.diff import diff
from mooring.errors import Refused
from mooring.operate.drift.difference import Difference, Moved
from mooring.operate.drift.sides import Altered, Deployed, Git, Running, Stored, content_of
from mooring.rollout.patches import Hotfix
from mooring.rollout.state import Kind

NOBODY = "unknown"


@dataclass(frozen=True, slots=True)
class Sides:
    """Everything that is compared. `stored` are releases by digest, as far as their files are whole.

    `merged` says whether the commit that was deployed is in git's history; `since` is when git moved on from it.
    `program` is the digest of the code that ought to run.
    """

    git: Git
    deployed: Deployed | None
    slots: Sequence[Running]
    stored: dict[str, Stored]
    altered: Sequence[Altered]
    merged: bool
    since: float | None
    program: str


def compare(sides: Sides) -> list[Difference]:
    """Every difference: what git has that was not deployed first, then what is beside git."""
    found = [*_from_git(sides), *_hotfixed(sides.deployed), *_altered(sides)]
    for process in sides.slots:
        # Two workers may differ from what was deployed in the same way, and in another one beside it.
        named = {(one.key, one.where) for one in found}
        found += [one for one in _in_slot(sides, process) if (one.key, one.where) not in named]
    if sides.deployed and not any(slot.live for slot in sides.slots):
        found.append(Difference(Moved.UNKNOWN, "traffic", "no slot has the traffic", NOBODY))
    return found


def _from_git(sides: Sides) -> Iterator[Difference]:
    git, deployed = sides.git, sides.deployed
    if deployed is None:
        sentence = f"{git.ref} was never deployed"
        yield Difference(Moved.BEHIND, "", sentence, f"git {git.commit[:12]}", since=sides.since)
        return
    if deployed.base is None or deployed.base.digest == git.release.digest:
        return
    moved = Moved.BEHIND if sides.merged else Moved.UNMERGED
    who = f"git {git.commit[:12]}"
    if deployed.kind == Kind.ROLLBACK:
        who = f"ledger: rolled back by {deployed.actor}"
    elif not sides.merged:
        who = f"ledger: deployed by {deployed.actor} from {_commit(deployed.commit)}"
    since = sides.since if who.startswith("git") else deployed.at
    for change in diff(git.release.content, deployed.base.content):
        yield Difference(moved, "", change.text, who, change, since)


def _commit(commit: str | None) -> str:
    return commit[:12] if commit else "no commit"


def _hotfixed(deployed: Deployed | None) -> Iterator[Difference]:
    if deployed is None or not deployed.hotfix or not deployed.release or not deployed.base:
        return
    for change in diff(deployed.release.content, deployed.base.content):
        who, since = _patcher(deployed.hotfix, change)
        yield Difference(Moved.IN_PLACE, "", change.text, who, change, since)


def _patcher(hotfix: Hotfix, change: Change) -> tuple[str, float]:
    """Who made the newest patch of a field, and when."""
    made = [patch for patch in hotfix.patches if patch.covers(change.kind, change.name, change.path)]
    newest = (made or list(hotfix.patches))[-1]
    return f"hotfix by {newest.owner}: {newest.reason}", newest.since


def _altered(sides: Sides) -> Iterator[Difference]:
    for one in sides.altered:
        yield Difference(Moved.ALTERED, one.digest, one.why, NOBODY)


def _in_slot(sides: Sides, slot: Running) -> Iterator[Difference]:
    """The live slot against what was deployed, an idle one against the release that it was given."""
    if slot.content is None:
        yield Difference(Moved.UNKNOWN, slot.slot, f"{slot.slot} does not say what it runs: {slot.why}", NOBODY)
        return
    # A standby is the release before, and so is its code.
    if slot.live and slot.program and slot.program != sides.program:
        sentence = f"{slot.slot} runs other code than {sides.git.ref} holds; a restart loads what is on its disk"
        yield Difference(Moved.OTHER_CODE, slot.slot, sentence, NOBODY)
    expected, against = _expected(sides, slot)
    if expected is None or expected.value == slot.content:
        return
    try:
        said = content_of(slot.content, sides.stored.get(slot.digest or ""))
    except Refused as refused:
        yield Difference(Moved.UNKNOWN, slot.slot, f"what {slot.slot} runs cannot be read: {refused}", NOBODY)
        return
    where = slot.slot if slot.worker == 1 else f"worker {slot.worker} of {slot.slot}"
    for change in diff(said, expected.content):
        yield Difference(Moved.IN_PLACE, slot.slot, f"{change.text} ({where}, {against})", NOBODY, change)


def _expected(sides: Sides, slot: Running) -> tuple[Stored | None, str]:
    """What a slot should run, and what that is called."""
    if slot.live and sides.deployed:
        if sides.deployed.release:
            return sides.deployed.release, "not what was deployed"
        return sides.git.release, f"not what {sides.git.ref} says"
    stored = sides.stored.get(slot.wanted)
    return (stored, "not what it was given") if stored else (None, "")
