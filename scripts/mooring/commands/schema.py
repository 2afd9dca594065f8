"""`moor schema`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.catalog.nearest import suggestion
from mooring.commands.workspace import find
from mooring.errors import Failed, FindingsError, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog

SUMMARY = "Show, check or write the generated files: JSON Schemas for editors, and CODEOWNERS."
EXAMPLES = """
moor schema --check        is what is committed up to date? (the default)
moor schema --write        write schemas/ and .github/CODEOWNERS
moor schema show Agent     one schema, to read or to pipe
"""


def add(parser: ArgumentParser) -> None:
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="fail when a file is out of date (the default)")
    mode.add_argument("--write", action="store_true", help="write what is out of date")
    parser.add_argument("show", nargs="?", choices=("show",), help="print one schema")
    parser.add_argument("kind", nargs="?", metavar="KIND", help="the kind, such as Agent")


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
    from mooring.catalog import codeowners, schemas

    if found := schemas.stale(root) + codeowners.stale(root, _catalog(root)):
        raise FindingsError(found)
    count = len(schemas.schemas())
    console.line(f"{count} schemas and {codeowners.FILE} are up to date")
    return Outcome(Reason.VALID, {"schemas": count})


def _write(root: Path, console: Console) -> Outcome:
    from mooring.catalog import codeowners, schemas

    catalog = _catalog(root)
    stale = sorted(finding.file for finding in schemas.stale(root) + codeowners.stale(root, catalog))
    try:
        schemas.write(root)
        codeowners.write(root, catalog)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None
    console.line("\n".join(f"wrote {file}" for file in stale) or "everything was up to date")
    return Outcome(Reason.CHANGED if stale else Reason.IN_SYNC, {"changed": stale})


def _catalog(root: Path) -> "Catalog":
    """Every document that can be loaded; the owner of a broken one is unknown."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree

    return load(WorkTree(root))[0]
