"""`moor schema`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mooring.catalog.nearest import suggestion
from mooring.commands.place import find
from mooring.errors import FindingsError, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show, check or write the JSON Schemas that editors use."
EXAMPLES = """
moor schema --check        are the committed schemas those of the models? (the default)
moor schema --write        write schemas/ anew
moor schema show Agent     one schema, to read or to pipe
"""


def add(parser: ArgumentParser) -> None:
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="refuse when schemas/ is stale (the default)")
    mode.add_argument("--write", action="store_true", help="write schemas/ anew")
    parser.add_argument("show", nargs="?", choices=("show",), help="print one schema")
    parser.add_argument("kind", nargs="?", metavar="KIND", help="of which kind, such as Agent")


def run(args: Namespace, console: Console) -> Outcome:
    if args.show:
        return _show(args.kind, console)
    root = find(args).root
    return _write(root, console) if args.write else _check(root, console)


def _show(kind: str | None, console: Console) -> Outcome:
    from mooring.catalog.schemas import schemas

    found = {name.removesuffix(".schema.json"): text for name, text in schemas().items()}
    text = found.get((kind or "").lower())
    if text is None:
        from mooring.spec import KINDS

        what = f"unknown kind {kind!r}{suggestion(kind, KINDS)}" if kind else "show which kind?"
        raise UsageError(what, fix=f"one of {', '.join(sorted(KINDS))}")
    console.line(text)
    return Outcome(Reason.REPORTED, {"kind": kind, "schema": text})


def _check(root: Path, console: Console) -> Outcome:
    from mooring.catalog.schemas import schemas, stale

    if found := stale(root):
        raise FindingsError(found)
    console.line(f"{len(schemas())} schemas up to date")
    return Outcome(Reason.VALID, {"schemas": len(schemas())})


def _write(root: Path, console: Console) -> Outcome:
    from mooring.catalog.schemas import schemas, stale, write

    changed = sorted(finding.file for finding in stale(root))
    write(root)
    console.line(f"wrote {', '.join(changed)}" if changed else f"{len(schemas())} schemas were up to date")
    return Outcome(Reason.CHANGED if changed else Reason.IN_SYNC, {"changed": changed})
