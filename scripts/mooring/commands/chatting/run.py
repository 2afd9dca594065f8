"""`moor chat run`."""

import secrets
from argparse import ArgumentParser, Namespace
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

from mooring.commands.arguments import complete, environments
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.chat.answer import Answer
    from mooring.chat.desk import Heard

SUMMARY = "Say a chat command as the user of this machine, who may say everything."
ENVIRONMENT = "local"
STYLES = {"done": "green", "failed": "red", "refused": "red", "asks": "yellow"}
"""The color of an answer's first line, by its stage."""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help='a command of chat, such as "/agent status"; /help shows all')
    where = f"for commands that name no environment (default: {ENVIRONMENT})"
    complete(parser.add_argument("--environment", metavar="ENV", default=ENVIRONMENT, help=where), environments)
    parser.add_argument("--yes", action="store_true", help="confirm what would be asked")


def run(args: Namespace, console: Console) -> Outcome:
    """Done when the command is; what is refused says why, as everywhere."""
    from mooring.chat.answer import Stage

    workspace = find(args)
    name = workspace.known(args.environment)
    changes = False
    with closing(_Terminal(workspace, name, console)) as terminal:
        answer = terminal.say(args.text)
        if answer.stage is Stage.ASKS:
            changes = args.yes or _agrees(answer, console)
            answer = terminal.press(answer, yes=changes)
    _show(answer, console)
    done = Reason.CHANGED if changes else Reason.REPORTED
    return Outcome(done if answer.stage is Stage.DONE else _reason(answer), {"environment": name, **asdict(answer)})


class _Terminal:
    """A desk, and the one who speaks to it."""

    def __init__(self, workspace: Workspace, environment: str, console: Console) -> None:
        from mooring.chat.actions.table import ACTIONS
        from mooring.chat.contexts import Contexts
        from mooring.chat.desk import Desk
        from mooring.chat.policy import TERMINAL
        from mooring.chat.said import Caller, Place
        from mooring.chat.store import Store
        from mooring.commands.running import actor

        self._console = console
        self._contexts = contexts = Contexts(workspace.root, workspace.state)
        self._who, self._where = Caller(TERMINAL, actor()), Place(TERMINAL, TERMINAL)
        store = Store(contexts.records(environment))
        self._desk = Desk(lambda: contexts.document(environment), contexts, ACTIONS, store, environment=environment)

    def say(self, text: str) -> "Answer":
        from mooring.chat.said import Said

        heard = self._desk.hear(Said(secrets.token_hex(8), self._who, self._where, text))
        if heard.answer is None and heard.work is None:
            raise UsageError(f"{text!r} is no command of chat, which begins with a slash", 'moor chat run "/help"')
        return self._finished(heard)

    def press(self, asked: "Answer", *, yes: bool) -> "Answer":
        """Confirms what is asked, or cancels it."""
        from mooring.chat.said import Clicked

        token = asked.buttons[0 if yes else 1].token
        return self._finished(self._desk.hear(Clicked(secrets.token_hex(8), self._who, self._where, token)))

    def close(self) -> None:
        self._desk.close()
        self._contexts.close()

    def _finished(self, heard: "Heard") -> "Answer":
        answer = heard.answer
        if heard.work is not None:
            with self._console.progress(answer.title if answer else "") as notify:
                answer = heard.work(notify)
        if answer is None:  # of nobody else is too much heard
            raise Failed(Reason.PROCESS, "the command has no answer")
        return answer


def _agrees(answer: "Answer", console: Console) -> bool:
    """Shows what is asked, and whether the answer is yes. Raises UsageError when nobody can be asked."""
    from mooring.commands.questions import agrees, can_ask

    if not can_ask(console):
        raise UsageError(f"{answer.title}: nobody is there to be asked", "--yes confirms it")
    _show(answer, console)
    return agrees(console, answer.buttons[0].label)


def _show(answer: "Answer", console: Console) -> None:
    from mooring.chat.platforms.text import render

    first, *others = render(answer).split("\n")
    console.line(first, STYLES.get(answer.stage, "bold"))
    if others:
        console.line("\n".join(others))


def _reason(answer: "Answer") -> Reason:
    """How a command ends that was not done."""
    from mooring.chat.codes import LINE, Code

    if answer.code in (*LINE, Code.UNKNOWN_ENVIRONMENT):
        return Reason.USAGE
    if answer.code == Code.OUTDATED:
        return Reason.PLAN_MISMATCH
    known = [reason for reason in Reason if reason == answer.code]
    return known[0] if known else Reason.GUARDED
