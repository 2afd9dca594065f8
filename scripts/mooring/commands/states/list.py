"""`moor state list`."""

import time
from argparse import ArgumentParser, Namespace
from typing import Any

from mooring.commands.states import source
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Show the copies of an environment's state, and which of them were verified."
COLUMNS = ("COPY", "MADE", "ROWS", "SIZE", "VERIFIED")


def add(parser: ArgumentParser) -> None:
    source.add(parser)


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.errors import Refused
    from mooring.operate.export.shelf import Shelf
    from mooring.timestamps import iso

    with source.exported(find(args), args.environment) as exported:
        shelf = Shelf(exported.source.destination)
        copies: list[dict[str, Any]] = []
        for name in reversed(shelf.stored):
            try:
                found = shelf.manifest(name)
                seen: dict[str, Any] = {"rows": found.rows, "bytes": found.size, "problem": None}
            except Refused as refused:
                seen = {"rows": None, "bytes": None, "problem": str(refused)}
            proof = shelf.verified.get(name.partition("/")[2])
            copies.append({"copy": name, "at": iso(shelf.stored[name].at), **seen, "verified": proof})
        segments, where = len(shelf.segments), shelf.destination.url
    console.line(f"{where}: {len(copies)} copies, {segments} segments of the stream", "bold")
    console.table(COLUMNS, [_row(one, time.time() if console.terminal else None) for one in copies])
    for one in copies:
        if one["problem"]:
            console.line(one["problem"], "red")
    data = {"environment": args.environment, "destination": where, "copies": copies, "segments": segments}
    return Outcome(Reason.REPORTED, data)


def _row(one: dict[str, Any], now: float | None) -> tuple[str, ...]:
    from mooring.timestamps import ago, seconds

    made = one["at"] if now is None else ago(seconds(one["at"]), now)
    proof = one["verified"]
    proved = f"RTO {proof['rto']:.1f} s" if proof else ""
    if one["problem"]:
        return one["copy"], made, "", "", "not as it was written"
    return one["copy"], made, f"{one['rows']:,}", f"{one['bytes'] / 2**20:,.1f} MiB", proved
