"""What an upgrade did: for the terminal, as data and as the reason the command ends with."""

import shlex
import shutil
from collections import Counter
from typing import Any

from mooring.change.wording import count
from mooring.outcome import Reason
from mooring.report.console import Console
from mooring.upgrade.compare import Change, What
from mooring.upgrade.template import BASE, TO
from mooring.upgrade.upgrade import Upgraded

SHOWN = 20
"""The most files of one sort that are listed; `--json` has them all."""
_MARKS = {What.ADDED: "+", What.CHANGED: "~", What.REMOVED: "-"}


def outcome(done: Upgraded, *, dry_run: bool) -> Reason:
    if done.now.commit == done.to.commit:
        return Reason.IN_SYNC
    if dry_run:
        return Reason.REPORTED
    if not done.passed:
        return Reason.FINDINGS
    return Reason.CONFLICTS if done.conflicts else Reason.CHANGED


def data(done: Upgraded) -> dict[str, Any]:
    """JSON-able."""
    changes = [{"file": each.path, "what": str(each.what), "why": each.why} for each in done.changes]
    return {
        "address": done.address,
        "from": {"version": done.now.label, "commit": done.now.commit},
        "to": {"version": done.to.label, "commit": done.to.commit},
        "changes": changes,
        "conflicts": [each.path for each in done.conflicts],
        "migrated": done.migrated,
        "uncommitted": done.uncommitted,
        "steps": [{"command": step.command, "passed": step.passed, "findings": step.lines} for step in done.steps],
        "branch": done.branch or None,
        "offered": bool(done.branch) and done.passed,
        "merge": f"git merge {done.branch}" if done.branch and done.passed else None,
    }


def tell(done: Upgraded, console: Console) -> None:
    if done.now.commit == done.to.commit:
        console.line(f"{done.to.label} is here already, from {done.address}", "green")
        return
    console.line(f"{done.now.label} -> {done.to.label}, from {done.address}", "bold")
    _changes(done, console)
    _migrated(done, console)
    _uncommitted(done, console)
    _conflicts(done, console)
    if not done.branch:
        console.line("\nnothing was changed; what is migrated is known when the branch is made", "dim")
        return
    _end(done, console)


def _changes(done: Upgraded, console: Console) -> None:
    taken = [change for change in done.changes if change.what in _MARKS]
    tally = Counter(str(change.what) for change in taken)
    console.line(f"\nNew: {count(len(taken), 'file')} ({', '.join(f'{n} {what}' for what, n in tally.items())})")
    console.diff("\n".join(f"{_MARKS[change.what]} {change.path}" for change in taken[:SHOWN]))
    _more(len(taken), console)
    for title, what in (("Merged", What.MERGED), ("Kept as you have it", What.KEPT)):
        of = [change for change in done.changes if change.what == what]
        if of:
            console.line(f"\n{title}: {count(len(of), 'file')}")
            console.line("\n".join(_line(change) for change in of[:SHOWN]))
            _more(len(of), console)


def _line(change: Change) -> str:
    return f"  {change.path}: {change.why}" if change.why else f"  {change.path}"


def _more(total: int, console: Console) -> None:
    if total > SHOWN:
        console.line(f"  and {total - SHOWN} more; --json has them all", "dim")


def _migrated(done: Upgraded, console: Console) -> None:
    if not done.migrated:
        return
    console.line(f"\nMigrated: {count(len(done.migrated), 'document')}")
    for each in done.migrated[:SHOWN]:
        console.line(f"  {each.get('file')}: {each.get('before')} -> {each.get('after')}")
    _more(len(done.migrated), console)


def _uncommitted(done: Upgraded, console: Console) -> None:
    """Says what of the checkout is not in the branch, and what of it git will not merge over."""
    if not done.uncommitted:
        return
    moved = {change.path for change in done.changes if change.what not in (What.KEPT, What.CONFLICT)}
    moved |= {str(each.get("file")) for each in done.migrated}
    both = [path for path in done.uncommitted if path in moved]
    listed = ", ".join(done.uncommitted[:3]) + ", …" * (len(done.uncommitted) > 3)
    console.note(f"the branch starts at HEAD; not in it is what you did not commit: {listed}")
    if both:
        console.note(f"commit or stash before you merge, since the upgrade changes it too: {', '.join(both)}")


def _conflicts(done: Upgraded, console: Console) -> None:
    if not done.conflicts:
        return
    console.line(f"\nConflicts: {count(len(done.conflicts), 'file')}, each left as you have it", "yellow")
    console.line("\n".join(_line(change) for change in done.conflicts))
    paths = shlex.join(change.path for change in done.conflicts)
    console.line("\n  to see the new version's file, and to put its changes into yours once you have merged:", "dim")
    console.line(f"  git show {TO}:{shlex.quote(done.conflicts[0].path)}")
    console.line(f"  git diff {BASE} {TO} -- {paths} | git apply --3way")


def _end(done: Upgraded, console: Console) -> None:
    console.line()
    for step in done.steps:
        console.line(f"{'passed' if step.passed else 'FAILED'}  {step.command}", "green" if step.passed else "red")
        console.line("\n".join(f"  {line}" for line in step.lines)) if step.lines else None
    if not done.passed:
        console.line(f"\nnot offered: {done.branch} is there to be looked at, and is not fit to be merged", "red")
        console.line(f"  git diff HEAD...{done.branch}")
        return
    console.line(f"\n{done.branch} is ready; your checkout is as it was", "green")
    console.line(f"  git diff HEAD...{done.branch}")
    console.line(f"  git merge {done.branch}")
    if shutil.which("gh"):
        push = f"git push origin {done.branch} && gh pr create --head {done.branch}"
        console.line(f"  or as a pull request: {push}", "dim")
