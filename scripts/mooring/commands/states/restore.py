"""`moor state restore`."""

import os
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.states import source
from mooring.commands.workspace import Workspace, find
from mooring.errors import Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.export.restore import Chosen
    from mooring.state.place.address import Address

SUMMARY = "Restore the state of an environment from its newest copies, or from older ones."


def add(parser: ArgumentParser) -> None:
    source.add(parser, identity=True)
    parser.add_argument("--copy", metavar="ID", help="copies not made after this one, without what came after")
    parser.add_argument("--into", metavar="FILE|env:NAME", type=_target, help="a SQLite file, or a PostgreSQL URL")
    parser.add_argument("--overwrite", metavar="ENV", help="the environment's name again, to replace what it has")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _target(text: str) -> str:
    if not text.startswith("env:") and not text.endswith(".db"):
        raise ArgumentTypeError(f"{text!r} is no file that ends in .db, and no env:NAME")
    return text


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.operate.export.restore import choose, restore

    workspace, begun = find(args), time.monotonic()
    with source.exported(workspace, args.environment) as exported:
        kept = exported.source
        where = _address(args.into, args.environment) if args.into else kept.address
        chosen = choose(kept.destination, args.copy)
        there = _rows(where)
        _say(chosen, kept.destination.url, where, there, console)
        data: dict[str, Any] = {"environment": args.environment, "into": str(where), **chosen.data()}
        if args.dry_run:
            return Outcome(Reason.PLANNED, data)
        _allowed(args, workspace, there, file=where.file is not None)
        with kept.scratch() as scratch:
            restore(kept.destination, chosen, where, scratch, exported.opener(args.identity), console.line)
        if not args.into:
            kept.inherit(chosen.manifests[0].origin)
    seconds = time.monotonic() - begun
    console.line(f"restored in {seconds:.1f} s{'' if args.into else f'; moor up {args.environment}'}", "green")
    return Outcome(Reason.RESTORED, data | {"seconds": seconds})


def _say(chosen: "Chosen", destination: str, where: "Address", there: int | None, console: Console) -> None:
    """What will be done."""
    console.line(f"from {destination}:", "bold")
    for manifest in chosen.manifests:
        console.line(f"  {manifest.name}  {manifest.rows:,} rows, {manifest.size / 2**20:,.1f} MiB")
    if chosen.segments:
        console.line(f"  and {len(chosen.segments)} segments of the stream")
    instead = ", which is empty" if there == 0 else f", in the place of {_counted(there)}, kept beside it"
    console.line(f"into {where}{instead}")


def _counted(there: int | None) -> str:
    return "a file that is broken" if there is None else f"{there:,} rows"


def _allowed(args: Namespace, workspace: Workspace, there: int | None, *, file: bool) -> None:
    """Raises Refused(OCCUPIED) for what would be replaced without a word, UsageError for a name that is another's."""
    from mooring.commands.running import ledger, target

    name = args.environment
    if args.overwrite and args.overwrite != name:
        raise UsageError(f"--overwrite names {args.overwrite}, and {name} is restored", f"--overwrite {name}")
    if not args.into and target(workspace, name).status().running:
        raise Refused(Reason.OCCUPIED, f"{name} is running", f"moor down {name}, or restore it elsewhere: --into")
    if not args.into and there and not file:  # a file serves one machine
        with ledger(workspace, name) as book:
            source.alone(
                book, name, workspace.of(name), f"moor down {name} there first, or restore it elsewhere: --into"
            )
    if there != 0 and not args.overwrite:
        fix = f"--into FILE|env:NAME restores it elsewhere; --overwrite {name} replaces them"
        raise Refused(Reason.OCCUPIED, f"{_counted(there)} would be replaced", fix)


def _rows(where: "Address") -> int | None:
    from mooring.operate.export.source import storing
    from mooring.state.copies.rebuild import rows

    with storing():
        return rows(where)


def _address(into: str, environment: str) -> "Address":
    from mooring.state.place.address import Address, postgres_url

    if not into.startswith("env:"):
        return Address(f"sqlite:///{Path(into).absolute()}", environment)
    if not (url := os.environ.get(into.removeprefix("env:"))):
        raise UsageError(f"environment variable {into.removeprefix('env:')} is not set")
    return Address(postgres_url(url), environment)
