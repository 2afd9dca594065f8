"""Discord shows only commands that it was told of: the grammar's, one with subcommands for each first word.

https://docs.discord.com/developers/interactions/application-commands
"""

from typing import Any

from mooring.chat.grammar.table import REPLIES, ROWS, Row, Slot
from mooring.chat.help import WHAT
from mooring.chat.platforms.discord.reading import SUBCOMMAND

STRING, INTEGER = 3, 4
CHAT_INPUT = 1
GUILD_ONLY = [0]
"""Where commands are offered: in servers, and not in private messages, for what is done is done before others."""

CHINESE = "zh-CN"
MOST_MINUTES = 99999


def definitions() -> list[dict[str, Any]]:
    """The body of a registration. What answers a question is no command here: there are buttons."""
    found: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        if row.name in REPLIES:
            continue
        (word, *rest), (chinese, *others) = row.name.split(" "), row.chinese.split(" ")
        if not rest:
            found[word] = _command(word, chinese, *WHAT[row.name], _options(row))
            continue
        family = found.setdefault(word, _command(word, chinese, word, chinese, []))
        named = _named(rest[0], others[0], *WHAT[row.name])
        family["options"].append({"type": SUBCOMMAND, **named, "options": _options(row)})
    return list(found.values())


def _command(
    name: str, chinese: str, description: str, described: str, options: list[dict[str, Any]]
) -> dict[str, Any]:
    named = _named(name, chinese, description, described)
    return {"type": CHAT_INPUT, **named, "options": options, "contexts": GUILD_ONLY}


def _named(name: str, chinese: str, description: str, described: str) -> dict[str, Any]:
    return {
        "name": name,
        "name_localizations": {CHINESE: chinese},
        "description": description[:100],
        "description_localizations": {CHINESE: described[:100]},
    }


def _options(row: Row) -> list[dict[str, Any]]:
    """Those that must be there first, as Discord wants it; the environment may be left out."""
    ordered = sorted(row.slots, key=lambda slot: slot.optional)
    place = {**_named("environment", "环境", "another than this channel's", "其他环境"), "required": False}
    return [*map(_option, ordered), *([{"type": STRING, **place}] if row.somewhere else [])]


def _option(slot: Slot) -> dict[str, Any]:
    english, chinese = (shown.strip('"“”').lower() for shown in slot.shown)
    named = {**_named(slot.name, chinese, english, chinese), "required": not slot.optional}
    if slot.name == "minutes":
        return {"type": INTEGER, **named, "min_value": 1, "max_value": MOST_MINUTES}
    return {"type": STRING, **named, "max_length": 120}
