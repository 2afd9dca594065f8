"""One talk: questions asked one after the other, commands in between, and the case at the end."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from mooring.commands.talking import case, transcript
from mooring.commands.talking.door import Door
from mooring.commands.talking.show import Screen
from mooring.commands.talking.transcript import Transcript, Turn
from mooring.commands.workspace import Workspace
from mooring.errors import Failed, MooringError, UsageError
from mooring.outcome import Reason
from mooring.report import findings as render
from mooring.report.console import Console

HELP = """\
/approve, /deny   decide on the calls that wait for a person
/save [ID]        write the conversation down as a test of the suite of --save-case
/save SUITE [ID]  the same without --save-case
/quit             end, as Ctrl-D does; Ctrl-C ends the present answer alone"""


class Session:
    """A conversation with an agent. `asked` are the turns of this call."""

    def __init__(
        self, root: Path, door: Door, kept: Transcript, suite: str | None, console: Console, *, going_on: bool
    ) -> None:
        self.root, self.door, self.transcript, self.suite = root, door, kept, suite
        self.going_on = going_on
        self.asked: list[Turn] = []
        self.saved: dict[str, Any] | None = None
        self._unsaved = False
        self._console, self._screen = console, Screen(console)

    @classmethod
    def open(cls, workspace: Workspace, door: Door, args: Namespace, console: Console) -> Self:
        """The talk that the arguments ask for. UsageError for a suite that cannot take its case."""
        if args.save_case:
            case.check(workspace.root, args.save_case, args.agent)
        state = workspace.of(args.environment)
        kept = None if args.new else transcript.earlier(state, args.agent, args.conversation)
        known = door.conversation(kept.name) if kept else None
        if kept and known is None and any(turn.remembered for turn in kept.turns):
            console.note(f"conversation {kept.name} is not there any more: a new one begins")
            kept = None
        found = kept or transcript.begin(state, args.agent, args.conversation)
        known = door.conversation(found.name) if args.conversation and not kept else None
        if known and known["agent"] == args.agent:
            console.note(f"{known['turns']} turns of it were had elsewhere: a case that is saved begins with this one")
        return cls(workspace.root, door, found, args.save_case, console, going_on=bool(kept))

    def introduce(self) -> None:
        """Says with whom one talks, and how to end it."""
        turns = len(self.transcript.turns)
        how = f"goes on after {turns} turn{'s' * (turns != 1)}; --new starts another" if self.going_on else "is new"
        self._console.line(f"{self.transcript.agent} in {self.door.environment}; the conversation {how}", "bold")
        self._console.line("Ctrl-D ends it, /help says more", "dim")

    def converse(self, lines: Iterable[str]) -> None:
        """Takes what a person types, until it ends or says so. An error ends an answer and not the talk."""
        for line in lines:
            word, *rest = line.split() or [""]
            try:
                if word in ("/quit", "/exit"):
                    return
                if word.startswith("/"):
                    self._command(word, rest)
                elif word:
                    self.ask(line.strip())
            except KeyboardInterrupt:
                self._screen.break_line()
                self._console.line("  cancelled", "yellow")
            except MooringError as error:
                self._screen.break_line()
                for finding in getattr(error, "findings", ()):
                    self._console.line(render.text([finding]))
                self._console.error(str(error), error.fix)

    def ask(self, message: str) -> None:
        """Asks one question and shows the answer as it comes. Failed."""
        turn = Turn(message)
        with closing(self.door.ask(self.transcript.agent, self.transcript.name, message)) as events:
            for event in events:
                turn.heard(event)
                self._screen.show(event, turn)
        self._screen.waiting(turn)
        self.transcript.add(turn)
        self.asked.append(turn)
        self._unsaved = True

    def finish(self) -> dict[str, Any] | None:
        """Writes the case that was asked for at the start, unless it is written. Returns what was saved."""
        if self.suite and self._unsaved:
            self.save(self.suite, None)
        return self.saved

    def save(self, suite: str, name: str | None) -> None:
        """Writes the whole conversation down as a case. UsageError, Refused, FindingsError: no file has changed."""
        self.saved = case.save(self.root, suite, self.transcript, name)
        self._unsaved = False
        told = self.saved
        self._console.line(f"saved as {told['suite']}/{told['case']} in {told['file']} ({told['version']})", "green")
        self._console.line(f"look at what it asserts, then: moor eval {told['suite']}", "dim")

    def _command(self, word: str, rest: list[str]) -> None:
        commands: dict[str, Callable[[], None]] = {
            "/help": lambda: self._console.line(HELP),
            "/approve": lambda: self._decide(approved=True),
            "/deny": lambda: self._decide(approved=False),
            "/save": lambda: self._save(rest),
        }
        if word not in commands:
            raise UsageError(f"no command {word}", "/help")
        commands[word]()

    def _save(self, words: list[str]) -> None:
        suite, names = (self.suite, words) if self.suite else (words[0] if words else None, words[1:])
        if suite is None or len(names) > 1:
            raise UsageError("save it where?", "/save SUITE [ID], or /save [ID] after --save-case SUITE")
        self.save(suite, names[0] if names else None)

    def _decide(self, *, approved: bool) -> None:
        turn = self.transcript.turns[-1] if self.transcript.turns else None
        if turn is None or not turn.approvals:
            raise UsageError("nothing waits for a decision")
        started, before = time.monotonic(), len(turn.calls)
        run = self.door.decide(turn.run, approved)
        if run["error"]:
            raise Failed(Reason.PROBE_FAILED, f"{run['error']['code']}: {run['error']['message']}")
        known = self.door.conversation(self.transcript.name) or {}
        turn.decided(approved, run, known.get("messages", ()), time.monotonic() - started)
        self._screen.decided(turn, before)
        self._screen.waiting(turn)
        self.transcript.keep()
        self._unsaved = True
