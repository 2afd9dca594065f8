"""`moor new`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import complete, environments, name, owner
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, FindingsError, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report import findings as render
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog

SUMMARY = "Write a new document with every required key, and a comment for each choice."
EXAMPLES = """
moor new agent desk                        the agent, and its prompt when there is none of that name
moor new agent desk --environment local    and put it into an environment, with a probe
moor new tool orders/find-order            a name may be a path
moor new suite desk/smoke --owner @acme/desk
moor new model openai/gpt-4-1 --dry-run
"""


_JOINS = "where a new agent answers, may be repeated (default: nowhere yet)"


def add(parser: ArgumentParser) -> None:
    kind = parser.add_argument("kind", metavar="KIND", help="agent, prompt, tool, model, suite, environment, …")
    complete(kind, _kinds)
    parser.add_argument("name", metavar="NAME", type=name, help="its path below the kind's folder, without .yaml")
    owner(parser)
    parser.add_argument("--agent", metavar="NAME", help="who a suite asks (default: the one that its name begins with)")
    where = parser.add_argument("--environment", metavar="ENV", action="append", default=[], help=_JOINS)
    complete(where, environments)
    parser.add_argument("--dry-run", action="store_true", help="print the documents, write nothing")


def _kinds(workspace: Workspace) -> list[str]:
    from mooring.starter.kinds import kinds

    return list(kinds())


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.exchange import writing
    from mooring.starter.joining import joined
    from mooring.starter.kinds import ROWS, Wish, kind_of

    kind = kind_of(args.kind)
    if args.agent is not None and kind != "EvalSuite":
        raise UsageError("only a suite asks an agent", "leave --agent out")
    if args.environment and kind != "Agent":
        raise UsageError("only an agent is put into environments", "leave --environment out")
    root = find(args).root
    catalog, _ = load(WorkTree(root))
    team = args.owner or writing.most(entry.document.owner for entry in catalog.entries.values())
    if team is None:
        raise UsageError("who approves changes of this document?", "--owner, such as --owner @acme/platform")
    wish = Wish(args.name, team, args.agent, tuple(dict.fromkeys(args.environment)))
    files = ROWS[kind].write(wish, catalog)
    _free(root, files)
    changed = joined(root, catalog, wish.name, wish.environments)
    files |= changed
    found = [finding for finding in writing.findings(root, files) if finding.check != "codeowners"]
    if wrong := [finding for finding in found if finding.file in files and finding.check not in writing.OPEN]:
        raise FindingsError(wrong)
    then = ROWS[kind].then(wish, catalog)
    updated = None if args.dry_run else _write(root, files, catalog)
    data = {"documents": files, "written": [] if args.dry_run else [*files], "updated": updated, "next": then}
    for file, text in files.items():
        if args.dry_run:
            console.line(f"would write {file}\n\n{text}")
        else:
            verb, style = ("changed", "yellow") if file in changed else ("wrote", "green")
            console.line(f"{verb} {file}", style)
    if updated:
        console.line(f"updated {updated}")
    if found:
        console.line("\n`moor validate` will say, until that is done:", "bold")
        console.line(render.text(found))
    _tell(console, then)
    done = Reason.REPORTED if args.dry_run else Reason.CHANGED
    return Outcome(done, {**data, "findings": render.data(found)})


def _free(root: Path, files: Iterable[str]) -> None:
    """Raises UsageError when a file is there already."""
    if there := [file for file in files if (root / file).exists() or (root / file).is_symlink()]:
        raise UsageError(f"already there: {', '.join(there)}", "take another name, or edit it")


def _write(root: Path, files: dict[str, str], catalog: "Catalog") -> str | None:
    """Writes the files, and CODEOWNERS where that was up to date; returns its name if so. Raises Failed."""
    from mooring.catalog import codeowners
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.exchange import writing

    generated = (root / codeowners.FILE).is_file() and not codeowners.stale(root, catalog)
    writing.write(root, files)
    if not generated:
        return None
    try:
        codeowners.write(root, load(WorkTree(root))[0])
    except OSError as error:
        message = f"the document is written, {codeowners.FILE} is not: {error.strerror}"
        raise Failed(Reason.STORAGE, message, "moor schema --write") from None
    return codeowners.FILE


def _tell(console: Console, then: list[str]) -> None:
    console.line("\nNext:", "bold")
    console.line("\n".join(f"  {step}" for step in then))
