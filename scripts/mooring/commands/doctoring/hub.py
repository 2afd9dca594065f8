"""The repository on GitHub: looked at, and set."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.errors import Failed, MooringError, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.doctor.diagnosis import Diagnosis
    from mooring.operate.repository.settings.all import Looked
    from mooring.operate.repository.settings.asking import Asking
    from mooring.spec import Repository


@dataclass(frozen=True)
class Place:
    """What is asked, and what should be there."""

    asking: "Asking"
    document: "Repository"


def place(workspace: Workspace) -> Place:
    """UsageError where there is no token or repository, FindingsError and Refused(EMPTY_SET) without a document."""
    from mooring.operate.repository.settings.access import access
    from mooring.operate.repository.settings.asking import Asking

    return Place(Asking(access(workspace.root, os.environ)), document(workspace))


def document(workspace: Workspace) -> "Repository":
    """The Repository document of the work tree. Raises FindingsError, and Refused(EMPTY_SET) where there is none."""
    from mooring.catalog.load import load
    from mooring.catalog.source import Below
    from mooring.errors import FindingsError
    from mooring.spec import FOLDERS, Repository

    catalog, findings = load(Below(workspace.root, FOLDERS["Repository"]))
    ours = [one for one in findings if one.file.startswith(f"{FOLDERS['Repository']}/")]
    found = next(iter(catalog.all(Repository).values()), None)
    if found is None and ours:
        raise FindingsError(ours)
    if found is None:
        raise Refused(Reason.EMPTY_SET, "no document says how the repository is set", "moor new repository github")
    return found


def look(workspace: Workspace) -> "Iterator[Diagnosis]":
    """All about the repository; one `unknown` where it cannot be asked."""
    from mooring.operate.doctor import github
    from mooring.operate.doctor.diagnosis import Check
    from mooring.operate.doctor.workflows import workflows
    from mooring.operate.repository.settings import all as settings

    check = Check("settings", "GitHub")
    try:
        where = place(workspace)
        looked = list(settings.look(where.document, where.asking))
    except (Failed, Refused, UsageError) as error:
        yield check.unknown(str(error), error.fix)
        return
    hub = github.Hub(where.asking, where.document, workflows(workspace.root), _referred(workspace), time.time())
    yield from github.settings(looked)
    yield from github.diagnoses(hub)


def clock_off(workspace: Workspace) -> float | None:
    """Seconds that the clock is ahead of GitHub's; None where GitHub is not asked."""
    with suppress(MooringError):
        asking = place(workspace).asking
        asking.about()
        return asking.clock_off
    return None


def _referred(workspace: Workspace) -> frozenset[str]:
    """Variables that the documents refer to."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.operate.doctor.environments import variables
    from mooring.release.resolve import resolve
    from mooring.spec import Environment

    catalog, found = load(WorkTree(workspace.root))[0], set[str]()
    for name in catalog.all(Environment):
        with suppress(MooringError):
            found |= variables(resolve(catalog, name).content)
    return frozenset(found)


def fix(workspace: Workspace, console: Console, *, yes: bool) -> Outcome:
    """Shows what differs, asks, and sets it; then looks again, since only what GitHub says now is true."""
    from mooring.operate.repository.settings import all as settings
    from mooring.report.doctor import show_set

    where = place(workspace)
    looked = list(settings.look(where.document, where.asking))
    differing = [difference for one in looked for difference in one.differences]
    for difference in differing:
        console.line(difference.text, "yellow")
        for line in difference.details:
            console.line(f"  {line}")
    _show_unknown(looked, console)
    data = {"repository": where.asking.github.repository, "differences": [one.data() for one in differing]}
    if not differing:
        unknown = any(one.unknown for one in looked)
        if not unknown:
            console.line("every setting is as the document says: nothing to set", "green")
        return Outcome(Reason.UNKNOWN if unknown else Reason.IN_SYNC, {**data, "set": [], "failed": []})
    if not yes and not _agreed(console, len(differing), where.asking.github.repository):
        console.line("nothing was set")
        return Outcome(Reason.DRIFTED, {**data, "set": [], "failed": []})
    done = list(settings.put(looked, where.asking))
    for one in done:
        show_set(one.setting.title, one.failed, one.fix, console)
    failed = [{"setting": each.setting.title, "why": each.failed, "fix": each.fix} for each in done if each.failed]
    data |= {"set": [one.setting.title for one in done if not one.failed], "failed": failed}
    left = [] if failed else [one for one in settings.look(where.document, where.asking) if one.differences]
    for difference in (difference for one in left for difference in one.differences):
        console.line(f"not as it was set: {difference.text}", "red")
    if failed or left:
        return Outcome(Reason.PROCESS, {**data, "left": [one.setting.title for one in left]})
    return Outcome(Reason.UNKNOWN if any(one.unknown for one in looked) else Reason.CHANGED, {**data, "left": []})


def _show_unknown(looked: "list[Looked]", console: Console) -> None:
    for one in looked:
        if one.unknown:
            console.line(f"unknown {one.setting.title}: {one.unknown}{f'; {one.fix}' if one.fix else ''}", "red")


def _agreed(console: Console, number: int, repository: str) -> bool:
    import sys

    if console.silent or not sys.stdin.isatty():
        raise UsageError(f"{repository} would be changed, and nobody is asked", "--yes; without --fix nothing is set")
    console.line(f"set {number} value{'s' * (number != 1)} of {repository}? [y/N]")
    try:
        return input().strip().lower() in ("y", "yes")
    except EOFError:
        return False
