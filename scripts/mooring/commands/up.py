"""`moor up`."""

from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.place import find
from mooring.outcome import Outcome
from mooring.report.console import Console

SUMMARY = "The whole way: validate, build, start, deploy, ask, and print the answer."
EXAMPLES = """
moor up             environment `local`
moor up staging     another one, on this machine
moor up --json | jq -r .url
"""


def add(parser: ArgumentParser) -> None:
    environment(parser, default="local")
    parser.add_argument("--allow-dirty", action="store_true", help="also take out what is not committed")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.rolling import up

    return up(find(args), args.environment, console, allow_dirty=args.allow_dirty)
