"""`moor status`."""

import time
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show both slots, which one serves and how healthy it is, and who holds the lease."
EXAMPLES = """
moor status           every environment
moor status local     one
moor status local --watch    refresh every second until Ctrl-C
moor status --json | jq '.environments[].live'
moor status production --html status.html             a page that shows it to others; needs nothing else
moor status production --html status.html --watch     written again every second; --language zh-CN in Chinese
"""

LANGUAGES = ("en", "zh-CN")

EVERY = 1.0
"""Seconds between two refreshes of `--watch`."""


def add(parser: ArgumentParser) -> None:
    environment(parser, several=True)
    parser.add_argument("--watch", action="store_true", help="refresh every second until Ctrl-C")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write one environment's status page to a file")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the page (default: en)")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import target
    from mooring.operate.objectives.standing import Standings
    from mooring.operate.records import Records
    from mooring.operate.status import status
    from mooring.report.status import show

    workspace = find(args)
    names = _names(args, workspace)
    with ExitStack() as opened:
        kept = [opened.enter_context(closing(Records(workspace.root, workspace.of(name), name))) for name in names]
        stand = [Standings(records) for records in kept]
        while True:
            found = [
                status(target(workspace, records.environment), records, standings)
                for records, standings in zip(kept, stand, strict=True)
            ]
            if args.html:
                _write(args.html, found[0], args.language)
            if args.watch:
                console.next_frame()
            for number, data in enumerate(found):
                if number:
                    console.line()
                show(data, console, time.time())
            if not args.watch:
                if args.html:
                    console.line(f"wrote {args.html}")
                return Outcome(Reason.REPORTED, {"environments": found})
            time.sleep(EVERY)


def _names(args: Namespace, workspace: Workspace) -> list[str]:
    """The environments that are asked for. Raises UsageError for options that do not fit."""
    if args.watch and args.json:
        raise UsageError("--json prints one object, so it cannot watch", fix="moor status --json")
    names = [workspace.known(name) for name in args.environment] or workspace.environments()
    if args.html and len(names) != 1:
        raise UsageError("--html writes the page of one environment", fix="moor status ENV --html FILE")
    if args.html and args.html.is_dir():
        raise UsageError(f"--html {args.html} is a folder", fix=f"moor status {names[0]} --html status.html")
    return names


def _write(path: Path, data: dict[str, Any], language: str) -> None:
    """Whoever reads the file meanwhile sees the page before or the one after. Failed(STORAGE)."""
    from mooring.catalog.schemas import replace_text
    from mooring.report.page.page import page

    try:
        replace_text(path, page(data, language))
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None
