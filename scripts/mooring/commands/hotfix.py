"""`moor hotfix`."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import UNITS, complete, documents, environment
from mooring.commands.workspace import find
from mooring.errors import FindingsError, Refused
from mooring.outcome import Outcome
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target

SUMMARY = "Change a few values of what runs, for a while; then git's release comes back by itself."
EXAMPLES = """
moor hotfix production model/openai/small options.temperature=0 --reason "it repeats itself" --for 2h
moor hotfix local tool/orders/find timeoutSeconds=25 --reason "the service is slow today" --for 30m
moor hotfix local agent/support models.L0=anthropic/large --reason "the vendor is down" --for 4h
"""
SPANS = {"s": 1.0, **UNITS}
LONGEST = 7 * 86400.0
"""Seconds for which a hotfix may last: what is needed for longer belongs into git."""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    which = parser.add_argument("document", metavar="KIND/NAME", help="a document of the release, model/openai/small")
    complete(which, documents)
    parser.add_argument("values", metavar="PATH=VALUE", nargs="+", type=_value, help="a dotted path, and YAML for it")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it cannot wait for a pull request")
    parser.add_argument("--for", dest="seconds", metavar="TIME", required=True, type=span, help="30m, 2h or 1d")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.running import actor, done, ledger, target
    from mooring.rollout.hotfix import hotfix
    from mooring.rollout.patches import Patch
    from mooring.timestamps import iso

    workspace = find(args)
    name = workspace.known(args.environment)
    kind, _, document = args.document.partition("/")
    _without_secrets(args)
    now = time.time()
    patch = Patch(kind.lower(), document, dict(args.values), actor(), args.reason, now, now + args.seconds)
    running = target(workspace, name)
    with ledger(workspace, name) as book:
        expire(running, book, console)
        with console.progress(f"hotfix {name}") as notify:
            receipt, made = hotfix(running, book, patch, notify)
    outcome = done(receipt, console)
    if made is None:
        console.line("this takes back what other hotfixes did: git's release is live again")
        return outcome
    console.line(f"until {iso(patch.until)}; then {name} goes back to git's release by itself")
    until = {"until": iso(patch.until), "base": made.base, "patches": len(made.patches)}
    return Outcome(outcome.reason, {**outcome.data, **until})


def expire(running: "Target", book: "Ledger", console: Console) -> None:
    """Takes patches back whose time is over, when the supervisor has not done so yet."""
    hotfix = book.state(running.environment).hotfix
    if hotfix is None or not hotfix.over(time.time()):
        return
    from mooring.commands.running import actor
    from mooring.rollout.hotfix import expire as take_back

    with suppress(Refused), console.progress(f"the time of a hotfix of {running.environment} is over") as notify:
        running.ensure()
        take_back(running, book, actor(), notify)


def _without_secrets(args: Namespace) -> None:
    """FindingsError when a value looks like a secret: the ledger would keep it for ever."""
    from mooring.catalog.secrets import secrets_in

    said = "\n".join([args.reason, *(f"{path}: {json.dumps(value)}" for path, value in args.values)])
    if found := list(secrets_in(args.document, said.encode())):
        raise FindingsError(found)


def _value(text: str) -> tuple[str, Any]:
    """`path=value`; the value is YAML, or text where it is none."""
    from mooring.catalog.parse import parse

    path, equals, said = text.partition("=")
    if not equals or not all(path.split(".")):
        raise ArgumentTypeError(f"{text!r} is no path=value, such as options.temperature=0")
    read = parse(path, f"value: {said}".encode())
    if read.findings or read.data is None or set(read.data) != {"value"}:
        return path, said
    return path, read.data["value"]


def span(text: str) -> float:
    """Seconds of a time such as 2h, at most LONGEST."""
    if text[-1:] in SPANS and text[:-1].isdecimal():
        seconds = int(text[:-1]) * SPANS[text[-1]]
        if 0 < seconds <= LONGEST:
            return seconds
    raise ArgumentTypeError(f"{text!r} is no time of at most 7 days, such as 30m, 2h or 1d")
