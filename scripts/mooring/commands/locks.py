"""`moor locks`."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from typing import Any

from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Check that the locks are in step, or renew them together."
EXAMPLES = """
moor locks                    exit 1 where a package has another version in another lock
moor locks --add              after a change of pyproject.toml: add what lacks, and leave the rest
moor locks --upgrade          the newest versions that are at least a week old
moor locks --upgrade --propose     as one pull request, as the workflow `locks` does
"""
BRANCH = "mooring/locks"
TITLE = "Renew the locks"
COOLDOWN_DAYS = 7.0


def add(parser: ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--add", action="store_true", help="lock what pyproject.toml names and no lock holds")
    what.add_argument("--upgrade", action="store_true", help="lock newer versions")
    parser.add_argument(
        "--cooldown",
        metavar="DAYS",
        type=_days,
        default=COOLDOWN_DAYS,
        help=f"age of a version that --upgrade takes (default: {COOLDOWN_DAYS:g})",
    )
    parser.add_argument("--propose", action="store_true", help="with --upgrade: open a pull request, write no file")


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= 366:
        raise ArgumentTypeError(f"{text!r} is not a number of days from 0 to 366")
    return days


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.operate.renovation.locks import FILES, changes, out_of_step
    from mooring.operate.renovation.resolve import read, resolve, write

    if args.propose and not args.upgrade:
        raise UsageError("there is something to propose only after --upgrade", "moor locks --upgrade --propose")
    workspace = find(args)
    before = read(workspace.root)
    if len(before) != len(FILES):
        raise UsageError(f"{workspace.root} does not hold {', '.join(FILES)}", "run it where the code is, too")
    if not (args.add or args.upgrade):
        return _checked(out_of_step(before), console)
    after = resolve(workspace.root, upgrade=args.upgrade, cooldown_days=args.cooldown)
    if wrong := out_of_step(after):
        raise Failed(Reason.PROCESS, f"the new locks are not in step: {wrong[0]}", "add a constraint to tool.uv")
    changed = changes(before, after)
    for line in changed:
        console.line(line)
    if args.propose:
        return _proposed(workspace, after, changed, console)
    write(workspace.root, after)
    if not changed:
        console.line("no package changed", "green")
    return Outcome(Reason.CHANGED if changed else Reason.IN_SYNC, {"changes": changed})


def _checked(wrong: list[str], console: Console) -> Outcome:
    for line in wrong:
        console.line(line, "red")
    if not wrong:
        console.line("the locks are in step", "green")
    return Outcome(Reason.CONFLICTS if wrong else Reason.VALID, {"wrong": wrong})


def _proposed(workspace: Workspace, texts: Mapping[str, str], changed: list[str], console: Console) -> Outcome:
    """One branch and one pull request, kept until the locks are merged; none where nothing changed."""
    from mooring.catalog.source import commit_of
    from mooring.operate.repository import branch, pulls
    from mooring.operate.repository.github import GitHub
    from mooring.operate.repository.reverting import CHECKS

    github, data = GitHub.of(os.environ), {"changes": changed}
    if not changed:
        closed = pulls.close(github, BRANCH, "The default branch holds these versions.")
        branch.drop(workspace.root, BRANCH)
        console.line(f"nothing to propose{f': closed #{closed}' if closed else ''}")
        return Outcome(Reason.IN_SYNC, {**data, "pull_request": None})
    body = "\n".join(f"- {line}" for line in changed)
    kept = branch.keep(
        workspace.root, BRANCH, commit_of(workspace.root, "HEAD"), texts, f"{TITLE}\n\nAll of them together:\n\n{body}"
    )
    told: dict[str, Any] = {"pull_request": None}
    if kept.pushed:
        told["pull_request"], said = pulls.keep(github, BRANCH, TITLE, f"All of them together:\n\n{body}")
        console.line(said)
        for check in CHECKS if kept.changed or said.startswith("opened") else ():
            pulls.start(github, check, BRANCH)
    return Outcome(Reason.CHANGED, {**data, **told, "branch": kept.branch, "commit": kept.commit})
