"""`moor chat github`."""

import json
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Refused, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.chat.said import Said
    from mooring.chat.serve.door import Door

SUMMARY = "Hear the comment that a workflow runs for, where GitHub reaches no door."

PATIENCE_SECONDS = 900.0
"""For which what the comment asks for may take; the workflow's own limit is a little longer."""

MOST = 4 * 2**20
"""Bytes that are read of the event."""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--default", action="store_true", help="hear commands too that name no environment")


def run(args: Namespace, console: Console) -> Outcome:
    """Whoever may not say it is told so in a comment: the job has done its work then too."""
    import asyncio

    workspace = find(args)
    name = workspace.known(args.environment)
    event, payload = _event()
    said = asyncio.run(_heard(workspace, name, event, payload, default=args.default))
    console.line(said)
    return Outcome(Reason.REPORTED, {"environment": name, "said": said})


async def _heard(workspace: Workspace, name: str, event: str, payload: dict[str, Any], *, default: bool) -> str:
    """What became of the event, in a few words. What it says is not among them."""
    from mooring.chat.actions.table import ACTIONS
    from mooring.chat.platforms.github.adapter import GitHubAdapter
    from mooring.chat.said import Said
    from mooring.chat.serve.door import Door
    from mooring.operate.repository.github import GitHub

    adapter = GitHubAdapter(GitHub.of(os.environ), "")
    door = Door(workspace.root, workspace.of(name), name, ACTIONS, lambda _document, _platform: adapter)
    document = door.document()
    if document is None or document.github is None:
        what = f"the Chat document of {name} does not connect GitHub"
        raise Refused(Reason.EMPTY_SET, what, "add `github` to it, and deploy it")
    if document.github.repository.lower() != adapter.github.repository.lower():
        what = f"{name} hears {document.github.repository} and not {adapter.github.repository}"
        raise Refused(Reason.GUARDED, what, "correct `github.repository` of its Chat document")
    try:
        received = adapter.read(event, payload, door.clock())
    except ValueError as error:
        raise UsageError(f"the event cannot be read: {error}") from None
    if not isinstance(received, Said):
        return f"nothing to do: {getattr(received, 'why', 'it is no comment')}"
    if not _meant(door, received, name, default=default):
        return "nothing to do: another environment is meant"
    return await _done(door, received, payload)


def _meant(door: "Door", said: "Said", name: str, *, default: bool) -> bool:
    """Whether a comment is for this environment: several may hear it. A yes or a no is for the one that asked."""
    from mooring.chat import asking
    from mooring.chat.command import Command
    from mooring.chat.grammar.parse import parse
    from mooring.chat.grammar.table import REPLIES

    command = parse(said.text)
    if not isinstance(command, Command):
        return default
    if command.name in REPLIES:
        asked = door.store.questions(said.place.platform, asking.spot(said.place))
        return any(asking.code_of(each.token) == command.arguments["code"] for each in asked)
    return default if "environment" not in command.arguments else command.arguments["environment"] == name


async def _done(door: "Door", said: "Said", payload: dict[str, Any]) -> str:
    from mooring.timestamps import seconds

    before = door.store.known(said)
    await door.pipeline.hear(said, seconds(payload["comment"]["created_at"]))
    await door.close(PATIENCE_SECONDS)
    return f"{said.event} was heard before" if before else f"{said.event} was heard and answered"


def _event() -> tuple[str, dict[str, Any]]:
    """The event's name and payload, which a workflow has as a file: none of it goes through a shell. UsageError."""
    where, name = os.environ.get("GITHUB_EVENT_PATH", ""), os.environ.get("GITHUB_EVENT_NAME", "")
    try:
        with Path(where).open("rb") as opened:
            payload = json.loads(opened.read(MOST))
    except (OSError, ValueError):
        payload = None
    if not name or not isinstance(payload, dict):
        raise UsageError("there is no event: GITHUB_EVENT_NAME and GITHUB_EVENT_PATH", "run it in a workflow")
    return name, payload
