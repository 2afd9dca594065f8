"""`moor state prune`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.states import source
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Delete copies that were kept long enough, when a newer one was verified."
COLUMNS = ("COPY", "WHAT", "WHY")


def add(parser: ArgumentParser) -> None:
    source.add(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be deleted, and delete nothing")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.operate.export.prune import prune

    with source.exported(find(args), args.environment) as exported:
        done = prune(exported.source, args.dry_run, console.line)
    shown = [one for one in done.copies if one.delete] or list(done.copies[-1:])
    console.table(COLUMNS, [(one.name, "delete" if one.delete else "keep", one.why) for one in shown])
    deleted = sum(one.delete for one in done.copies)
    verb = "would delete" if args.dry_run else "deleted"
    what = f"{deleted} of {len(done.copies)} copies, {done.parts} parts, {done.segments} segments"
    console.line(f"{verb} {what}: {done.bytes / 2**20:,.1f} MiB")
    data = {"environment": args.environment, "dry_run": args.dry_run, "copies": [one.data() for one in done.copies]}
    data |= {"parts": done.parts, "segments": done.segments, "bytes": done.bytes, "locked": done.locked}
    return Outcome(Reason.PLANNED if args.dry_run else Reason.CHANGED, data)
