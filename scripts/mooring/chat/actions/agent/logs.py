"""`/agent logs`: the last lines that the live slot wrote about an agent, without what users and agents said."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from mooring.catalog.secrets import masked
from mooring.chat.action import Context, Notify
from mooring.chat.actions.agent import words
from mooring.chat.actions.agent.known import live_slot, the_agent
from mooring.chat.actions.carried import done
from mooring.chat.answer import Answer
from mooring.chat.command import Command

READ, SHOWN = 4000, 20
"""Lines of the slot that are looked at, and lines of the agent that are shown."""

LONGEST, MOST = 300, 2400
"""Characters of one line, and of all: what every platform takes."""

CONTENT = frozenset({"question"})
"""Fields with a user's words: they may be in a log on the machine, and are in no channel."""

_HEAD = ("time", "level", "event", "agent", "slot", "release")


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, command.arguments["id"]
    the_agent(context, name)
    live, _ = live_slot(context)
    lines = about(context.target.logs(live.slot, READ), name)
    texts = {"agent": name, "slot": live.slot, "environment": context.environment, "count": len(lines)}
    title = words.LOG if lines else words.NO_LOG
    return done(command, context, title(language, **texts), log=tuple(lines))


def about(lines: Sequence[str], agent: str) -> list[str]:
    """The newest lines about an agent, the newest last, as short as a channel wants them."""
    found: list[str] = []
    left = MOST
    for record in _records(reversed(lines)):
        if record.get("agent") != agent:
            continue
        line = _line(record)
        left -= len(line) + 1
        if left < 0 or len(found) == SHOWN:
            break
        found.append(line)
    return found[::-1]


def _records(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def _line(record: dict[str, Any]) -> str:
    """`12:00:01 info run ended run=run_1 rung=L0 seconds=0.42`; what looks like a secret is masked, once more."""
    moment = str(record.get("time", ""))[11:19]
    told = [moment, str(record.get("level", "")), str(record.get("event", ""))]
    told += [f"{name}={_value(value)}" for name, value in record.items() if _says(name, value)]
    text = masked(" ".join(filter(None, told)))
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _says(name: str, value: Any) -> bool:
    return name not in _HEAD and name not in CONTENT and value not in (None, "", 0, 0.0, [], {}, False)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
