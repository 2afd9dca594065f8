"""How a talk looks: text as it comes, tools as they are called, and what an answer cost."""

import json
from collections.abc import Mapping
from typing import Any

from mooring.change.wording import clip
from mooring.commands.talking.door import Ended, Event
from mooring.commands.talking.transcript import Turn
from mooring.report.console import Console
from mooring.report.evaluation.wording import dollars, seconds
from mooring.report.webpage import whole

LONGEST = 100
"""Characters of a tool's arguments that are shown."""

FIRST = "L0"


class Screen:
    """Shows one answer after the other. On a terminal everything is in its place; piped, texts alone are the output."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open = ""
        """The call whose line waits for its end, by id."""
        self._fresh = True
        """Whether the cursor is at the start of a line."""

    def show(self, event: Event, turn: Turn) -> None:
        """An event of an answer; `turn` holds what came so far, this event included."""
        if isinstance(event, str):
            self._text(event)
        elif isinstance(event, Ended):
            self._end(turn)
        elif event["status"] == "started":
            self._started(event)
        else:
            self._ended(event, turn)

    def break_line(self) -> None:
        """Goes to a new line unless it is on one."""
        if not self._fresh:
            self._write("\n")
        self._open = ""

    def waiting(self, turn: Turn) -> None:
        """Says what waits for a person."""
        for approval in turn.approvals:
            self._aside(f"{_called(approval['tool'], approval['arguments'])} waits for a person: /approve or /deny")

    def decided(self, turn: Turn, before: int) -> None:
        """The answer after a person's decision, and the calls but for those made `before` it."""
        for call in turn.calls[before:]:
            self._aside(f"{_called(call.name, call.arguments)} {call.outcome}, {seconds(call.seconds)}")
        self._text(turn.text)
        self._end(turn)

    def _text(self, text: str) -> None:
        if self._open:
            self.break_line()
        if self._fresh:
            text = text.lstrip("\n")
        if text:
            self._write(whole(text))

    def _started(self, event: Mapping[str, Any]) -> None:
        if self._console.terminal:
            self.break_line()
            self._write(self._console.styled(f"  {_called(event['name'], event['arguments'])} … ", "dim"))
            self._open = event["id"]

    def _ended(self, event: Mapping[str, Any], turn: Turn) -> None:
        how = f"{clip(event['outcome'], 40)}, {seconds(event['seconds'])}"
        if self._open == event["id"]:
            style = "dim" if event["outcome"] == "done" else "yellow"
            self._write(self._console.styled(how, style) + "\n")
            self._open = ""
            return
        call = next(call for call in reversed(turn.calls) if call.id == event["id"])
        self._aside(f"{_called(call.name, call.arguments)} {how}")

    def _end(self, turn: Turn) -> None:
        self.break_line()
        rung = turn.rung if turn.rung != FIRST else ""
        simulated = "simulated" if turn.simulated else ""
        self._aside(" · ".join(filter(None, (rung, simulated, dollars(turn.cost_usd), seconds(turn.seconds)))))

    def _aside(self, text: str) -> None:
        """A remark that is no text of the agent's."""
        if self._console.terminal:
            self.break_line()
            self._console.line(f"  {text}", "dim")
        else:
            self._console.note(text)

    def _write(self, text: str) -> None:
        if not self._console.silent:
            self._console.out.write(text)
            self._console.out.flush()
        self._fresh = text.endswith("\n")


def _called(name: str, arguments: Mapping[str, Any]) -> str:
    """`find_order(orderId="A-1002")`, shortened."""
    told = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    return f"{clip(name, 80)}({clip(told, LONGEST)})"
