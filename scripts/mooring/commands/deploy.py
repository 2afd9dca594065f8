"""`moor deploy`."""
from argparse import ArgumentParser, Namespace

from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "."
EXAMPLES = ""

def add(parser: ArgumentParser) -> None: ...

def run(args: Namespace, console: Console) -> Outcome:
    return Outcome(Reason.REPORTED)
