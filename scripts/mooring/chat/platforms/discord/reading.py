"""What Discord sends: a PING, an application command, a press on a button.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from collections.abc import Mapping
from typing import Any

from mooring.chat.command import Language
from mooring.chat.grammar.table import BY_NAME, IN
from mooring.chat.platforms.signing import optional, part, text
from mooring.chat.said import Caller, Challenge, Clicked, Ignored, Place, Received, Said

DISCORD = "discord"
TOKEN_SECONDS = 900.0
"""How long an interaction's token lives."""

PING, COMMAND, COMPONENT = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
PREFIX = "mooring:"
"""How the ids of our buttons begin."""


def read(data: Mapping[str, Any], now: float) -> Received:
    """What a verified interaction says. Raises ValueError."""
    match data.get("type"):
        case 1:
            return Challenge({"type": PING})
        case 2 if part(data, "data", "type") in (1, None):
            return Said(*_common(data), _line(data), _reply(data), now + TOKEN_SECONDS)
        case 3:
            token = text(data, "data", "custom_id")
            if not token.startswith(PREFIX):
                return Ignored("a button that is none of ours")
            return Clicked(*_common(data), token.removeprefix(PREFIX), _reply(data), now + TOKEN_SECONDS)
        case other:
            return Ignored(f"an interaction of type {str(other)[:40]}")


def _common(data: Mapping[str, Any]) -> tuple[str, Caller, Place]:
    user = part(data, "member", "user") or data.get("user")
    caller = Caller(DISCORD, text(user, "id"), optional(user, "username"))
    return text(data, "id"), caller, Place(DISCORD, text(data, "channel_id"))


def _reply(data: Mapping[str, Any]) -> dict[str, str]:
    return {"token": text(data, "token")}


def _line(data: Mapping[str, Any]) -> str:
    """The command as one would write it in the language of the person's own Discord: so it is answered in it."""
    words, values = [text(data, "data", "name")], {}
    options = part(data, "data", "options")
    while part(options, 0, "type") in (SUBCOMMAND, GROUP):
        words.append(text(options, 0, "name"))
        options = part(options, 0, "options")
    for option in options if isinstance(options, list) else ():
        values[text(option, "name")] = str(part(option, "value"))
    if "reason" in values:
        values["reason"] = f'"{values["reason"]}"'
    language: Language = "zh-CN" if str(data.get("locale")).startswith("zh") else "en"
    row = BY_NAME.get(" ".join(words))
    line = [row.words(language) if row else f"/{' '.join(words)}"]
    line += [values[slot.name] for slot in (row.slots if row else ()) if slot.name in values]
    return " ".join([*line, *([IN[language], values["environment"]] if "environment" in values else [])])
