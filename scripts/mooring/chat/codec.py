"""The values of chat as JSON, and back."""

import json
from dataclasses import asdict
from typing import Any

from mooring.chat.answer import Answer, Button, Stage
from mooring.chat.command import Command
from mooring.chat.platforms.platform import Posted
from mooring.chat.said import Caller, Clicked, Place, Said


def received_text(received: Said | Clicked, by: str = "") -> str:
    """`by` names the door that heard it."""
    return _text({"kind": type(received).__name__, "by": by, **asdict(received)})


def heard_by(text: str) -> str:
    """The door that heard what was received; "" where that is not known."""
    return str(json.loads(text).get("by", ""))


def received(text: str) -> Said | Clicked:
    data = json.loads(text)
    kind, _by = data.pop("kind"), data.pop("by", "")
    values = {**data, "caller": Caller(**data["caller"]), "place": Place(**data["place"])}
    return Said(**values) if kind == "Said" else Clicked(**values)


def answer_text(answer: Answer) -> str:
    return _text(asdict(answer))


def answer(text: str) -> Answer:
    data = json.loads(text)
    lists = {name: tuple(map(tuple, data[name])) for name in ("facts", "table")}
    buttons = tuple(Button(**button) for button in data["buttons"])
    changes = {"stage": Stage(data["stage"]), "log": tuple(data["log"]), "buttons": buttons}
    return Answer(**{**data, **lists, **changes})


def posted_text(posted: Posted) -> str:
    return _text(asdict(posted))


def posted(text: str) -> Posted:
    return Posted(**json.loads(text))


def command_data(command: Command) -> dict[str, Any]:
    return asdict(command)


def command(data: dict[str, Any]) -> Command:
    return Command(**data)


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"))
