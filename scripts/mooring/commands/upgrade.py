"""`moor upgrade`."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from mooring.commands.workspace import find
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Bring a newer version of the template into a branch, tested; content stays, conflicts are listed."
EXAMPLES = """
moor upgrade https://example.com/mooring.git    the newest version, the first time; the address is recorded
moor upgrade --dry-run                          what it would bring, keep and not be able to decide
moor upgrade v0.3.0                             another version, branch or commit of the template
moor upgrade ../mooring.bundle v0.3.0           from a folder or a git bundle, without a network
moor upgrade --migrate                          only bring the documents here to this version's format
"""


def add(parser: ArgumentParser) -> None:
    about = "a version, branch or commit of the template; its address; or both (default: the newest version)"
    parser.add_argument("source", metavar="REF|URL", nargs="*", help=about)
    parser.add_argument("--from", dest="base", metavar="REF", default="", help="the version that this copy came from")
    parser.add_argument("--older", action="store_true", help="go back to a version older than this one")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="show the list and change nothing")
    what.add_argument("--no-tests", action="store_true", help="check the documents, but do not run their suites")
    what.add_argument("--tests", action="store_true", help="run every test of the code as well, which takes minutes")
    what.add_argument("--migrate", action="store_true", help="edit documents of an older format here, nothing else")


def run(args: Namespace, console: Console) -> Outcome:
    root = find(args).root
    if args.migrate:
        if args.source or args.base or args.older:
            raise UsageError("--migrate edits the documents that are here; it takes no version")
        return _migrate(root, console)
    from mooring.commands.upgraded import data, outcome, tell
    from mooring.upgrade.template import asked
    from mooring.upgrade.upgrade import Tests, Wishes, upgrade

    tests: Tests = "none" if args.no_tests else "all" if args.tests else "quick"
    wishes = Wishes(asked(args.source, Path(args.directory or ".")), args.base, args.older, args.dry_run, tests)
    with console.progress("upgrade") as notify:
        done = upgrade(root, wishes, notify)
    tell(done, console)
    return Outcome(outcome(done, dry_run=args.dry_run), data(done))


def _migrate(root: Path, console: Console) -> Outcome:
    from mooring.catalog.formats import CURRENT
    from mooring.upgrade.migrate import migrate

    migrated = migrate(root)
    for each in migrated:
        console.line(f"{each.file}  {each.before} -> {each.after}, version {each.version_after}")
    if not migrated:
        console.line(f"every document is of format {CURRENT}")
    return Outcome(
        Reason.CHANGED if migrated else Reason.IN_SYNC,
        {"format": CURRENT, "migrated": [asdict(each) for each in migrated]},
    )
