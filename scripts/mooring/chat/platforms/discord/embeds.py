"""An answer as a message with an embed, in which nobody is mentioned and no markup of others is read.

https://docs.discord.com/developers/resources/message#embed-object
"""

import re
from collections.abc import Iterator
from typing import Any

from mooring.change.wording import clip
from mooring.chat.answer import Answer, Button, Stage
from mooring.chat.platforms.discord.reading import PREFIX
from mooring.chat.platforms.text import first, fitted, heading, newest, verbatim, web_link
from mooring.chat.platforms.wording import NOTHING, WORDS, footer

CONTENT = 2000
DESCRIPTION = 4096
FIELDS = 25
COLUMNS = 56
"""Of a line that an embed shows without breaking it."""

LABEL = 80
ROW = 5
"""Buttons in a row."""

COLORS = {
    Stage.QUEUED: 0x8A8F98,
    Stage.RUNNING: 0x2F6FDE,
    Stage.ASKS: 0xD9A400,
    Stage.DONE: 0x2A8F4F,
    Stage.FAILED: 0xC2333A,
    Stage.REFUSED: 0xC2333A,
    Stage.ALERT: 0xC2333A,
    Stage.RESOLVED: 0x2A8F4F,
}

_MARKUP = re.compile(r"([\\`*_~|<>\[\]()#:@+.!{}-])")
_BUTTON, _LINK, _ACTIONS = 2, 5, 1
_PRIMARY, _SECONDARY, _DANGER = 1, 2, 4


def message(answer: Answer) -> dict[str, Any]:
    """The parts of a message that show an answer: the title as text, the rest as an embed, then the buttons."""
    title = f"**{escaped(clip(heading(answer), 300))}**"
    embed: dict[str, Any] = {"color": COLORS[answer.stage]}
    # 6,000 characters in all of an embed: 4,096 here, 1,500 in the fields, 300 below
    if description := "\n".join(_fences(answer)):
        embed["description"] = description
    if fields := list(_fields(answer)):
        embed["fields"] = fields
    embed["footer"] = {"text": clip(footer(answer), 300)}
    return {
        "content": title[:CONTENT],
        "embeds": [embed],
        "components": list(_rows(answer)),
        "allowed_mentions": {"parse": []},
    }


def _fences(answer: Answer) -> Iterator[str]:
    half = (DESCRIPTION - 40) // 2 if answer.table and answer.log else DESCRIPTION - 40
    if table := fitted(answer.table, COLUMNS):
        yield fenced(table, half, lambda lines, room: first(answer, lines, room))
    if answer.log:
        yield fenced(verbatim(answer.log), half, lambda lines, room: newest(answer, lines, room))


def fenced(lines: list[str], longest: int, cut: Any) -> str:
    """A block of code, of at most `longest` characters, that its lines cannot end."""
    inside = [line.replace("`", "`\u200b") for line in lines]
    return "```\n" + "\n".join(cut(inside, longest - 8)) + "\n```"


def _fields(answer: Answer) -> Iterator[dict[str, Any]]:
    room = 1500
    for label, value in answer.facts[:FIELDS]:
        field = {
            "name": escaped(clip(label, 60)) or NOTHING,
            "value": escaped(clip(value, 300)) or NOTHING,
            "inline": True,
        }
        room -= len(str(field["name"])) + len(str(field["value"]))
        if room < 0:
            break
        yield field


def _rows(answer: Answer) -> Iterator[dict[str, Any]]:
    buttons = [_button(number, button) for number, button in enumerate(answer.buttons[: 4 * ROW])]
    if (link := web_link(answer)) and len(link) <= 512:
        label = WORDS[answer.language]["details"]
        buttons.append({"type": _BUTTON, "style": _LINK, "label": label, "url": link})
    for start in range(0, len(buttons), ROW):
        yield {"type": _ACTIONS, "components": buttons[start : start + ROW]}


def _button(number: int, button: Button) -> dict[str, Any]:
    style = _DANGER if button.danger else _SECONDARY if number else _PRIMARY
    label = clip(button.label, LABEL) or NOTHING
    return {"type": _BUTTON, "style": style, "label": label, "custom_id": f"{PREFIX}{button.token}"[:100]}


def escaped(text: str) -> str:
    """Text in which Discord finds no markup, mention or link."""
    return _MARKUP.sub(r"\\\1", text)
