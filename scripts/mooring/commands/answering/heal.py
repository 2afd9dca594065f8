"""Heals drift: git's release is deployed again, or the process that does not run what it was given is replaced."""

import time
from typing import TYPE_CHECKING

from mooring.change.wording import count
from mooring.commands.workspace import Workspace
from mooring.errors import Refused
from mooring.operate.drift.difference import Difference, Moved
from mooring.outcome import Reason
from mooring.report.console import Console
from mooring.rollout.notes import HEALED, Noted, note, notes

if TYPE_CHECKING:
    from mooring.operate.drift.observe import Report
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target

MOST = 3
"""Reversions of one field within a day, after which somebody is changing it on purpose."""
DAY = 86400.0


def healable(report: "Report") -> list[Difference]:
    """What a deployment of git's release would end; where there is none, what a new process would."""
    in_place = [one for one in report.differences if one.moved is Moved.IN_PLACE]
    return in_place or [one for one in report.differences if one.moved is Moved.OTHER_CODE]


def heal(
    workspace: Workspace,
    report: "Report",
    wanted: list[Difference],
    running: "Target",
    book: "Ledger",
    console: Console,
) -> None:
    """Heals what is wanted. Refused(GUARDED) when that would undo what a rule keeps, Refused(CONTESTED) when it was
    healed too often; else raises like `moor deploy`."""
    kept = [one for one in healable(report) if one not in wanted]
    if kept:
        said = "; ".join(f"{one.field} ({one.answer.what}, {one.answer.rule or 'the default'})" for one in kept[:3])
        message = f"git's release would also undo {said}"
        raise Refused(Reason.GUARDED, message, "change the answer in configs/operations/drift.yaml, or deploy by hand")
    _uncontested(book, report.environment, wanted)
    _back_to_git(workspace, report, running, book, console)
    from mooring.commands.running import actor

    fields = tuple(sorted({one.field for one in wanted}))
    note(book, report.environment, actor(), Noted(time.time(), HEALED, fields))


def _uncontested(book: "Ledger", environment: str, wanted: list[Difference]) -> None:
    recent = [fields for at, fields in notes(book.entries(1000, environment), HEALED) if at > time.time() - DAY]
    for one in wanted:
        times = sum(one.field in fields for fields in recent)
        if times >= MOST:
            message = f"{one.field} was healed {count(times, 'time')} within a day and is changed again: "
            fix = "find out who does that (moor history), or answer it in configs/operations/drift.yaml"
            raise Refused(Reason.CONTESTED, f"{message}somebody fights us", fix)


def _back_to_git(workspace: Workspace, report: "Report", running: "Target", book: "Ledger", console: Console) -> None:
    from mooring.commands.running import actor, done
    from mooring.rollout import quarantine

    git, live = report.git.release, report.live
    by_hand = [one for one in report.differences if one.moved is Moved.IN_PLACE and one.change is None]
    if by_hand:
        running.reapply()
        console.line(f"applied again what was changed by hand: {', '.join(one.where for one in by_hand)}")
    if by_hand and len(by_hand) == len(healable(report)):
        return
    if live is not None and live.wanted == git.digest and not (report.deployed and report.deployed.hotfix):
        _replace(running, {one.where for one in healable(report) if one not in by_hand}, console)
    elif git.digest in book.state(report.environment).trail:
        quarantine.refuse(book, report.environment, git.digest)  # git is behind: its revert is not merged yet
        from mooring.rollout.doors import passable
        from mooring.rollout.hotfix import give_back

        passable(running, book, workspace.of(running.environment), git.digest)
        with console.progress(f"heal {report.environment}") as notify:
            receipt = give_back(running, book, actor(), git.digest, notify)
        done(receipt, console)
    else:
        from mooring.catalog.load import load
        from mooring.catalog.source import GitTree
        from mooring.commands.deploy import deploy_release

        catalog, _ = load(GitTree(workspace.root, report.git.commit))
        deploy_release(workspace, catalog, git.release, report.git.commit, console)


def _replace(running: "Target", slots: set[str], console: Console) -> None:
    """New processes for slots whose memory or code is not what is stored."""
    from mooring.targets.restarting import replace_process

    for slot in sorted(slots):
        replace_process(running, slot)
        console.line(f"{slot} has a new process")
