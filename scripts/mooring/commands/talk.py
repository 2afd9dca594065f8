"""`moor talk`."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mooring.commands.arguments import complete, environments
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.commands.talking.door import Door
    from mooring.commands.talking.session import Session

SUMMARY = "Talk to an agent of a running environment, and turn what was said into a test."
EXAMPLES = """
moor talk support                              go on with the last conversation, in environment `local`
moor talk support --new                        start another one; Ctrl-D ends it, /help says more
moor talk support --save-case support/first    and write it down as a test of a suite, new or not
moor talk support --message "Where is A-1002?" --json
moor talk support --environment staging --key-env STAGING_KEY    with a key; questions may be piped in, one a line
moor talk support --environment cluster --url http://127.0.0.1:8420   after kubectl port-forward service/cluster 8420:80
"""

KEY = "MOORING_KEY"
"""The variable whose key is sent unless another one is named."""


def add(parser: ArgumentParser) -> None:
    agent = parser.add_argument("agent", metavar="AGENT", help="an agent of the environment")
    complete(agent, _agents)
    where = parser.add_argument("--environment", metavar="ENV", default="local", help="(default: local)")
    complete(where, environments)
    parser.add_argument("--url", type=_url, help="where it is reached from here, such as through kubectl port-forward")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="start a conversation, do not go on with the last one")
    which.add_argument("--conversation", metavar="NAME", help="go on with this one, or start it")
    suite = parser.add_argument("--save-case", metavar="SUITE", help="write the conversation down as a test of a suite")
    complete(suite, _suites)
    parser.add_argument("--message", metavar="TEXT", nargs="+", help="ask this, one after the other, and end")
    parser.add_argument("--user", metavar="NAME", help="the user to be: what agents remember is remembered of this one")
    parser.add_argument("--key-env", metavar="NAME", help=f"the variable with the key to send (default: {KEY})")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.commands.talking.session import Session

    workspace = find(args)
    workspace.known(args.environment)
    interactive = not args.message and sys.stdin.isatty()
    if interactive and args.json:
        raise UsageError("--json prints one object at the end, so it cannot be talked to", "--message TEXT")
    door = _door(workspace, args)
    session = Session.open(workspace, door, args, console)
    if interactive:
        session.introduce()
    try:
        _talk(session, args, interactive=interactive)
    finally:
        saved = session.finish()
    if not session.asked and not interactive:
        raise Refused(Reason.EMPTY_SET, "nothing was asked", "--message TEXT, or a question a line on standard input")
    turns = [asdict(turn) for turn in session.asked]
    about = {"agent": args.agent, "environment": args.environment, "conversation": session.transcript.name}
    return Outcome(Reason.CHANGED if saved else Reason.REPORTED, {**about, "turns": turns, "saved": saved})


def _talk(session: "Session", args: Namespace, *, interactive: bool) -> None:
    if interactive:
        session.converse(_typed())
        return
    for line in args.message or sys.stdin:
        if line.strip():
            session.ask(line.strip())


def _typed() -> Iterator[str]:
    """Lines that a person types, with the editing and the history of readline, until Ctrl-D."""
    import readline  # noqa: F401 - `input` uses it once it is imported

    while True:
        try:
            yield input("> ")
        except EOFError:
            sys.stdout.write("\n")
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")  # the line is given up, the talk is not


def _door(workspace: Workspace, args: Namespace) -> "Door":
    """The door of what is live. Failed(NOT_RUNNING), UsageError for an agent that it does not have."""
    from mooring.catalog.nearest import suggestion
    from mooring.commands.ask import certificate_of
    from mooring.commands.running import target
    from mooring.commands.talking.door import Door

    name = args.environment
    running = target(workspace, name)
    url, release = running.status().url, running.live() if running.status().running else None
    if url is None or release is None:
        raise Failed(Reason.NOT_RUNNING, f"{name} is not running here", f"moor up {name}")
    if args.agent not in (agents := release.content.agents):
        there = f"{name} serves: {', '.join(agents)}"
        raise UsageError(f"no agent {args.agent!r}{suggestion(args.agent, agents)} ({there})")
    key = os.environ.get(args.key_env or KEY)
    if args.key_env and not key:
        raise UsageError(f"environment variable {args.key_env} is not set", f"export {args.key_env}=…")
    environment = release.content.environment
    # With access, who approves is known by the key alone.
    approval = os.environ.get("MOORING_APPROVAL_KEY") if environment.access is None else None
    return Door(args.url or url, name, key, approval, certificate_of(environment), args.user)


def _url(text: str) -> str:
    place = urlsplit(text)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise ArgumentTypeError(f"{text} is no URL, such as http://127.0.0.1:8420")
    return text.rstrip("/")


def _agents(workspace: Workspace) -> list[str]:
    folder = workspace.root / "configs" / "agents"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))


def _suites(workspace: Workspace) -> list[str]:
    folder = workspace.root / "evals" / "suites"
    return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))
