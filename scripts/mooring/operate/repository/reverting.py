"""Finishes a rollback in git: one pull request with the revert, opened once and closed when it is overtaken.

Whoever takes a release back writes the branch and goes on: a command, chat, or a deployment that undid itself. What
is at the host follows from the ledger, so it does not matter who does this next, or how often.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import Failed, MooringError
from mooring.operate.repository import branch as branches
from mooring.operate.repository import pulls
from mooring.operate.repository.github import GitHub, Pause
from mooring.operate.repository.reverted import Taken, body, mark, title
from mooring.rollout.ledger import Ledger
from mooring.rollout.writeback import DOCUMENTS, PREFIX, undone, write_back

CHECKS = ("validate.yml", "evaluate.yml", "drill.yml")
"""The workflows that a pull request starts."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What there is in git: `reason` says why no branch is needed, or could be made; `problems` what went wrong."""

    branch: str | None = None
    commit: str | None = None
    pushed: bool = False
    pull_request: int | None = None
    said: str = ""
    reason: str = ""
    closed: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def taken(ledger: Ledger, environment: str) -> Taken | None:
    """What was taken back and has not been followed by another release; None where there is nothing."""
    state = ledger.state(environment)
    if state.live is None or state.quarantined is None or state.quarantined == state.live.digest:
        return None
    entry = ledger.taken_back(environment, state.quarantined)
    if entry is None:
        return None
    counted = ledger.counted(environment, entry.seq)
    return Taken(
        environment,
        state.quarantined,
        state.live.digest,
        ledger.commit_of(environment, state.live.digest),
        entry.at,
        entry.actor,
        str(entry.state.get("detail") or ""),
        entry.seq,
        entry.hash,
        counted.event if counted else None,
    )


def settle(root: Path, ledger: Ledger, environment: str, github: GitHub | None, pause: Pause = time.sleep) -> Settled:
    """Brings branch and pull request to what the ledger says. Raises Refused(CONFLICTS), Failed(PROCESS).

    Without a host, the branch is all there is. HEAD is what the revert is made on: the default branch.
    """
    found = taken(ledger, environment)
    if found is None:
        closed = _closed(root, github, environment, None, "Another release runs since.", pause)
        return Settled(reason="nothing was taken back that is still to be reverted", closed=closed)
    why = f"Taken back by {found.actor}{f': {found.detail}' if found.detail else ''}."
    written = write_back(root, ledger, environment, found.restored, found.refused, why)
    if written.branch is None or written.commit is None or found.good is None:
        said = f"{written.reason[:1].upper()}{written.reason[1:]}."
        closed = _closed(root, github, environment, None, said, pause) if written.same else []
        return Settled(reason=written.reason, closed=closed)
    closed = _closed(root, github, environment, written.branch, "Another release was taken back since.", pause)
    offered = branches.offer(root, written.branch, written.commit, DOCUMENTS)
    here = Settled(offered.branch, offered.commit, offered.pushed, closed=closed)
    if github is None or not offered.pushed:
        return here
    text = body(found, _undone(root, found.good, offered.commit))
    number, said = pulls.keep(github, offered.branch, title(found), text, pause)
    problems = _start(github, offered.branch, pause) if offered.changed or said.startswith("opened") else []
    return Settled(offered.branch, offered.commit, True, number, said, "", closed, problems)


def _closed(root: Path, github: GitHub | None, environment: str, but: str | None, why: str, pause: Pause) -> list[int]:
    """Closes the pull requests of an environment whose revert is overtaken, and deletes their branches."""
    closed: list[int] = []
    for branch in pulls.kept(github, PREFIX, mark(environment), pause) if github else ():
        if branch != but:
            number = pulls.close(github, branch, why, pause) if github else None
            branches.drop(root, branch)
            closed += [number] if number else []
    return closed


def _start(github: GitHub, branch: str, pause: Pause) -> list[str]:
    """What kept a check from being started: the pull request is there all the same, and waits for it."""
    problems = []
    for workflow in CHECKS:
        try:
            pulls.start(github, workflow, branch, pause)
        except MooringError as error:
            problems.append(f"{workflow} was not started: {error}")
    return problems


def _undone(root: Path, good: str, commit: str) -> list[str]:
    try:
        return undone(root, good, commit)
    except Failed:
        return []
