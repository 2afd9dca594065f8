"""`moor state export`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.states import source
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Copy the state of an environment to its destination, while it serves."


def add(parser: ArgumentParser) -> None:
    source.add(parser)
    adopt = "go on although the copies that are there are of another database"
    parser.add_argument("--adopt", action="store_true", help=adopt)
    parser.add_argument("--resend", action="store_true", help="send every part again, such as after one was corrupt")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.operate.export.copying import copy

    with source.exported(find(args), args.environment) as exported:
        made = copy(exported.source, console.line, args.adopt, args.resend)
        where = exported.source.destination.url
    sent = f"{made.sent} new parts, {made.bytes / 2**20:,.1f} MiB" if made.sent else "nothing new to send"
    console.line(f"exported to {where} in {made.seconds:.1f} s: {sent}", "green")
    copies = [{"copy": one.name, "rows": one.rows, "bytes": one.size} for one in made.manifests]
    data = {"environment": args.environment, "destination": where, "copies": copies}
    return Outcome(Reason.EXPORTED, data | {"sent": made.sent, "bytes": made.bytes, "seconds": made.seconds})
