"""What was said in a conversation so far, kept in the state folder of its environment."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from mooring import private
from mooring.commands.talking.door import Ended
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass
class Call:
    """A call of a tool; `outcome` is "" until it has one."""

    name: str
    arguments: dict[str, Any]
    id: str = ""
    outcome: str = ""
    seconds: float = 0.0


@dataclass
class Turn:
    """A message and what came of it. `shown` is all text that was streamed, `text` what follows the last call.

    `approvals` are calls that wait for a person; `approved` is the person's decision, None before one.
    """

    message: str
    shown: str = ""
    text: str = ""
    calls: list[Call] = field(default_factory=list)
    run: str = ""
    rung: str = ""
    cost_usd: float = 0.0
    seconds: float = 0.0
    simulated: bool = False
    approvals: list[dict[str, Any]] = field(default_factory=list)
    approved: bool | None = None

    @property
    def remembered(self) -> bool:
        """Whether the server has it in the conversation: not what waits for a person, and no apology."""
        return not self.approvals and self.rung != "L4"

    def heard(self, event: str | dict[str, Any] | Ended) -> None:
        """Takes what came."""
        if isinstance(event, str):
            self.shown += event
            self.text = f"{self.text}{event}".lstrip("\n")
        elif isinstance(event, Ended):
            facts = event.facts
            self.run, self.rung, self.cost_usd = facts["run"], facts["rung"], facts["cost_usd"]
            self.approvals, self.simulated, self.seconds = facts["approvals"], event.simulated, event.seconds
        elif event["status"] == "started":
            self.calls.append(Call(event["name"], event["arguments"], event["id"]))
            self.text = ""
        else:
            call = next(call for call in reversed(self.calls) if call.id == event["id"])
            call.outcome, call.seconds = event["outcome"], event["seconds"]

    def decided(
        self, approved: bool, run: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], seconds: float
    ) -> None:
        """Takes how the run went on after a person's decision; `messages` are those of the turn, from the server."""
        self.approved, self.approvals, self.seconds = approved, run["approvals"], seconds
        self.text = run["answer"] or self.text
        self.rung, self.cost_usd = run["rung"] or self.rung, run["cost_usd"]
        asked = [(one["tool"], json.loads(one["content"])) for one in messages if _is_call(one)]
        ended = list(run["tool_calls"])
        if not asked:
            asked = [(call.name, call.arguments) for call in self.calls]
        self.calls = [_joined(name, arguments, ended) for name, arguments in asked]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "calls": [Call(**call) for call in data["calls"]]})


def _is_call(message: Mapping[str, Any]) -> bool:
    return message["role"] == "assistant" and "tool" in message


def _joined(name: str, arguments: dict[str, Any], ended: list[dict[str, Any]]) -> Call:
    """The call with the first outcome of its tool that is left in `ended`; a call that was denied has none."""
    found = next((call for call in ended if call["name"] == name), None)
    if found is None:
        return Call(name, arguments, outcome="denied")
    ended.remove(found)
    return Call(name, arguments, found["id"], found["outcome"], found["seconds"])


@dataclass
class Transcript:
    """A conversation with an agent, in the file `path`."""

    path: Path
    agent: str
    name: str
    turns: list[Turn]

    def add(self, turn: Turn) -> None:
        self.turns.append(turn)
        self.keep()

    def keep(self) -> None:
        """Writes it for its owner alone, and that it is the last one with its agent. Failed(STORAGE)."""
        said = {"agent": self.agent, "conversation": self.name, "turns": [asdict(turn) for turn in self.turns]}
        _write(self.path, said)
        last = _last(self.path.parents[1])
        _write(last, {**_read(last), self.agent: self.name})


def begin(state: Path, agent: str, name: str | None = None) -> Transcript:
    """A conversation without a turn, under a name or a new one. UsageError for what cannot be a name."""
    if name is not None and (not _NAME.fullmatch(name) or name == "new"):
        raise UsageError(f"{name!r} is no name: 1 to 64 letters, digits, - and _, and not new", "--new starts one")
    name = name or f"talk-{uuid4().hex[:12]}"
    return Transcript(_folder(state) / "conversations" / f"{name}.json", agent, name, [])


def earlier(state: Path, agent: str, name: str | None = None) -> Transcript | None:
    """The conversation of that name, else the last one with the agent; None when none is kept here."""
    name = name or _read(_last(_folder(state))).get(agent)
    if name is None:
        return None
    found = begin(state, agent, name)
    data = _read(found.path)
    if data.get("agent") != agent:
        return None
    found.turns = [Turn.of(turn) for turn in data["turns"]]
    return found


def _folder(state: Path) -> Path:
    return state / "talk"


def _last(folder: Path) -> Path:
    return folder / "last.json"


def _read(path: Path) -> dict[str, Any]:
    """What a file holds; nothing when it is not there or damaged: then a new conversation begins."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, data: Mapping[str, Any]) -> None:
    beside = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        private.file(beside)
        beside.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None
