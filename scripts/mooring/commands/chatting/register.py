"""`moor chat register`."""

import asyncio
import os
from argparse import ArgumentParser, Namespace

from mooring.commands.arguments import environment
from mooring.commands.workspace import find
from mooring.errors import Failed, Refused
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

SUMMARY = "Register the commands with Discord, which offers only those that it knows."


def add(parser: ArgumentParser) -> None:
    environment(parser)


def run(args: Namespace, console: Console) -> Outcome:
    """Replaces all commands of the application. Once, and after an upgrade that brought other commands."""
    from mooring.chat.contexts import Contexts
    from mooring.chat.platforms.platform import Unsent
    from mooring.chat.platforms.table import discord

    workspace = find(args)
    name = workspace.known(args.environment)
    document = Contexts(workspace.root, workspace.state).document(name)
    if document is None or document.discord is None:
        what = f"the Chat document of {name} does not connect Discord"
        raise Refused(Reason.EMPTY_SET, what, "add `discord` to it")
    adapter = discord(document, os.environ)

    async def registered() -> int:
        try:
            return await adapter.register()
        finally:
            await adapter.close()

    try:
        count = asyncio.run(registered())
    except Unsent as error:
        raise Failed(Reason.DESTINATION, str(error), "check the application's id and the bot's token") from None
    console.line(f"Discord offers {count} commands of {name}; an open client shows them after a reload")
    return Outcome(Reason.CHANGED, {"environment": name, "commands": count})
