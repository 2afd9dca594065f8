"""`moor chat serve`."""

import socket
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.spec.chat import Chat

SUMMARY = "Hear chat platforms in the foreground, where no supervisor does."


def add(parser: ArgumentParser) -> None:
    environment(parser)
    where = "where to listen (default: target.chat of the environment, else a free port of 127.0.0.1)"
    parser.add_argument("--listen", metavar="HOST:PORT", help=where)


def run(args: Namespace, console: Console) -> Outcome:
    """Until Ctrl-C. Beside a supervisor that keeps a door there is nothing to do."""
    from mooring.commands.chat_door import serve
    from mooring.commands.running import target

    if args.json:
        raise UsageError("serving has no end, and --json prints one object at the end")
    workspace = find(args)
    name = workspace.known(args.environment)
    if url := target(workspace, name).status().chat:
        what = f"the supervisor of {name} keeps a door at {url} already"
        raise Refused(Reason.LOCKED, what, f"moor logs {name} chat shows what it hears")
    document = _document(workspace, name)
    with _bound(args.listen or _written(workspace, name)) as listening:
        host, port = listening.getsockname()[:2]
        console.line(
            f"hears {', '.join(document.platforms)} at http://{host}:{port}/<platform> for {name}; Ctrl-C ends it"
        )
        serve(workspace.root, workspace.of(name), name, listening)
    return Outcome(Reason.REPORTED, {"environment": name})


def _document(workspace: Workspace, name: str) -> "Chat":
    """Refused(EMPTY_SET) where there is no platform to hear."""
    from mooring.chat.contexts import Contexts

    found = Contexts(workspace.root, workspace.state).document(name)
    if found is None or not found.platforms:
        what = f"{name} names no Chat document that connects a platform"
        raise Refused(Reason.EMPTY_SET, what, f"set `chat` in configs/environments/{name}.yaml and deploy it")
    return found


def _written(workspace: Workspace, name: str) -> str:
    from mooring.commands.database import document

    found = document(workspace, name)
    return (found.target.sockets.get("chat") if found else None) or "127.0.0.1:0"


def _bound(where: str) -> socket.socket:
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--listen {where} is no HOST:PORT")
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=_family(host), backlog=128)
    except (OSError, OverflowError) as error:
        raise Failed(Reason.PORT_IN_USE, f"cannot listen on {where}: {error}", "--listen names another") from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
