"""`moor state verify`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.states import source
from mooring.commands.workspace import find
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Restore the newest copies into a scratch database, and let a conversation go on there."


def add(parser: ArgumentParser) -> None:
    source.add(parser, identity=True)


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import actor, ledger
    from mooring.operate.export.proof import record
    from mooring.operate.export.verify import verify

    workspace = find(args)
    with source.exported(workspace, args.environment) as exported:
        rules = workspace.root / "evals" / "simulator"
        opener = exported.opener(args.identity)
        proof = verify(exported.source, exported.release, rules, opener, console.line)
    with ledger(workspace, args.environment) as book:
        entry = record(book, args.environment, actor(), proof)
    went_on = f"{proof.conversation} went on" if proof.conversation else "there was no conversation to go on"
    console.line(f"{proof.id} can be restored: {proof.rows:,} rows, {went_on}", "green")
    console.line(f"RPO {proof.rpo:.1f} s, RTO {proof.rto:.1f} s; entry {entry.seq} of the ledger")
    return Outcome(Reason.VERIFIED, {"environment": args.environment, **proof.data(), "seq": entry.seq})
