"""`moor why`."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import complete, environments
from mooring.commands.workspace import Workspace, find
from mooring.errors import MooringError, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.state.runs.lookup import RunSeen

SUMMARY = "Show what served a request; or how a release came to be live, and what took it back"
EXAMPLES = """
moor why run_3b681afcef3b45b884bbd023dc490090   what answered, on which release of which commit
moor why run_3b68                               the beginning of its name suffices
moor why run_3b68 production                    where several environments have one
moor why sha256:1a2b                            a release: pull request, evidence, plan, approvals, switch, rollback
moor why run_3b68 --json | jq .answered.tries   each try of each rung, with its reason
"""


_DIGEST = re.compile(r"sha256:[0-9a-f]*|[0-9a-f]{4,64}")


def add(parser: ArgumentParser) -> None:
    which = "a run, as x-mooring-run of its answer says, or the digest of a release; or the beginning of it"
    parser.add_argument("run", metavar="RUN|DIGEST", help=which)
    where = parser.add_argument("environment", metavar="ENV", nargs="?", help="by default the one that has it")
    complete(where, environments)


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.report import why

    workspace = find(args)
    if _DIGEST.fullmatch(args.run.strip()):
        return _release(workspace, args.run.strip(), args.environment, console)
    name, found = _found(workspace, args.run.strip(), args.environment)
    data = {"environment": name, **_explained(workspace, name, found)}
    why.show(data, console)
    return Outcome(Reason.REPORTED, data)


def _release(workspace: Workspace, beginning: str, wanted: str | None, console: Console) -> Outcome:
    """A release, by the beginning of its digest. Raises UsageError unless exactly one was ever to be live."""
    from mooring.commands.running import ledger
    from mooring.commands.stored import stored
    from mooring.operate.repository.github import host
    from mooring.operate.walk import known, walked
    from mooring.report import walk

    digest = f"sha256:{beginning.removeprefix('sha256:')}"
    searched = [workspace.known(wanted)] if wanted else list(_kept(workspace))
    found: list[tuple[str, str]] = []
    for name in searched:
        with ledger(workspace, name) as book:
            found += [(name, one) for one in known(book, name, digest)]
    if len(found) != 1:
        names = ", ".join(f"{one[:19]} in {name}" for name, one in found)
        what = f"several releases begin with {beginning}: {names}" if found else f"no release {beginning} was deployed"
        raise UsageError(f"{what} (searched: {', '.join(searched) or 'nothing has a ledger here'})", "moor history ENV")
    [(name, one)] = found
    with ledger(workspace, name) as book, stored(workspace, name) as database:
        if database is None:
            raise UsageError(f"the database of {name} was removed just now")
        data = walked(one, name, book, database, workspace.root, host(os.environ))
    walk.show(data, console)
    return Outcome(Reason.REPORTED, data)


def _found(workspace: Workspace, beginning: str, wanted: str | None) -> tuple[str, "RunSeen"]:
    """The environment and the run. Raises UsageError unless there is exactly one."""
    from mooring.operate.runs import several

    if not beginning:
        raise UsageError("RUN is empty", "the id of a run is in the header x-mooring-run of its answer")
    searched = [workspace.known(wanted)] if wanted else list(_kept(workspace))
    names: dict[str, list[str]] = {}
    unread: list[str] = []
    for name in searched:
        try:
            if found := _named(workspace, name, beginning):
                names[name] = found
        except MooringError as error:
            if wanted:
                raise
            unread.append(f"{name} ({error})")
    if not names:
        raise _unknown(workspace, beginning, searched, unread)
    if len(names) > 1:
        raise UsageError(f"{', '.join(sorted(names))} have a run {beginning!r}", f"moor why {beginning} ENV")
    [(name, runs)] = names.items()
    if len(runs) > 1:
        raise several(beginning, runs)
    seen = _read(workspace, name, runs[0])
    if seen is None:
        raise UsageError(f"run {runs[0]} was deleted just now")
    return name, seen


def _kept(workspace: Workspace) -> Iterator[str]:
    """Environments that have a ledger here, with a document or without."""
    from mooring.state.place import location

    return location.known(workspace.state)


def _named(workspace: Workspace, name: str, beginning: str) -> list[str]:
    from mooring.commands.stored import stored
    from mooring.state.runs.lookup import named

    with stored(workspace, name) as database:
        return database.read(lambda connection: named(connection, beginning)) if database else []


def _read(workspace: Workspace, name: str, run: str) -> "RunSeen | None":
    from mooring.commands.stored import stored
    from mooring.state.runs.lookup import seen

    with stored(workspace, name) as database:
        return database.read(lambda connection: seen(connection, run)) if database else None


def _unknown(workspace: Workspace, beginning: str, searched: list[str], unread: list[str]) -> UsageError:
    """Suggests runs of similar names."""
    from mooring.catalog.nearest import suggestion
    from mooring.commands.stored import stored
    from mooring.operate.runs import KEPT
    from mooring.state.runs.lookup import newest

    known: list[str] = []
    for name in searched:
        with suppress(MooringError), stored(workspace, name) as database:
            known += database.read(newest) if database else []
    where = f"in {', '.join(searched)}" if searched else "here: no environment has a ledger"
    also = f"; not searched: {'; '.join(unread)}" if unread else ""
    return UsageError(f"no run {beginning!r}{suggestion(beginning, known)} {where}{also}", KEPT)


def _explained(workspace: Workspace, name: str, found: "RunSeen") -> dict[str, Any]:
    from mooring.commands.running import ledger, target
    from mooring.commands.stored import stored
    from mooring.operate.why import explained

    with ledger(workspace, name) as book, stored(workspace, name) as database:
        if database is None:
            raise UsageError(f"the database of {name} was removed just now")
        return explained(found, target(workspace, name), book, database, workspace.root)
