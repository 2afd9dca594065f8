"""Discord shows only commands that it was told of: the grammar's, one with subcommands for each first word.

https://docs.discord.com/developers/interactions/application-commands
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mooring.chat.platforms.discord.reading import ARGUMENTS, SUBCOMMAND

STRING, INTEGER = 3, 4
CHAT_INPUT = 1
GUILD_ONLY = [0]
"""Where commands are offered: in servers, and not in private messages, for what is done is done before others."""

DESCRIPTION = 100


def definitions(commands: Mapping[str, tuple[str, Sequence[str]]]) -> list[dict[str, Any]]:
    """The body of a registration, of (description, names of the required arguments) by command, such as `agent logs`.

    Every command may name an environment.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, (description, arguments) in commands.items():
        word, _, rest = name.partition(" ")
        options = _options(arguments)
        if not rest:
            found[word] = _command(word, description, options)
            continue
        family = found.setdefault(word, _command(word, word, []))
        family["options"].append(
            {"type": SUBCOMMAND, "name": rest, "description": description[:DESCRIPTION], "options": options}
        )
    return list(found.values())


def _command(name: str, description: str, options: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": CHAT_INPUT,
        "name": name,
        "description": description[:DESCRIPTION],
        "options": options,
        "contexts": GUILD_ONLY,
    }


def _options(arguments: Iterable[str]) -> list[dict[str, Any]]:
    """An argument that ends in `?` may be left out; Discord wants those last."""
    ordered = sorted(arguments, key=lambda name: (name.endswith("?"), ARGUMENTS.index(name.rstrip("?"))))
    return [*map(_option, ordered), _option("environment?")]


def _option(argument: str) -> dict[str, Any]:
    name = argument.rstrip("?")
    kind = INTEGER if name == "minutes" else STRING
    return {"type": kind, "name": name, "description": name, "required": not argument.endswith("?")}
