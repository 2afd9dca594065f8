"""An answer in Block Kit, of plain and rich text alone: neither reads markup, so nothing can get out of its place.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mooring.change.wording import clip
from mooring.chat.answer import Answer, Button
from mooring.chat.platforms.slack.reading import ACTION
from mooring.chat.platforms.text import first, fitted, heading, newest, render, verbatim, web_link
from mooring.chat.platforms.wording import NOTHING, WORDS, footer

HEADER = 150
FENCE = 2800
FACTS = 3000
"""Characters of a table, of a log, and of all facts; a message has at most some 12,000 in all."""

COLUMNS = 80
"""Of a line that a window shows without breaking it."""

TOKEN = 2000
LINK = 3000
LABEL = 75
FALLBACK = 3000


def message(answer: Answer) -> dict[str, Any]:
    """The parts of a message that show an answer; `text` is for notifications and readers aloud."""
    return {"text": _fallback(answer), "mrkdwn": False, "blocks": list(blocks(answer))}


def _fallback(answer: Answer) -> str:
    """The answer as text, with the end of its log."""
    short = replace(answer, log=tuple(newest(answer, verbatim(answer.log), FALLBACK // 3)))
    return escaped(render(short)[:FALLBACK])


def blocks(answer: Answer) -> Iterator[dict[str, Any]]:
    """Title, facts, table, log, buttons, and who did it."""
    yield {"type": "header", "text": _plain(heading(answer), HEADER)}
    parts = [*_facts(answer)]
    if table := fitted(answer.table, COLUMNS):
        parts.append(_fence("\n".join(first(answer, table, FENCE))))
    if answer.log:
        parts.append(_fence("\n".join(newest(answer, verbatim(answer.log), FENCE))))
    if parts:
        yield {"type": "rich_text", "elements": parts}
    if buttons := [*map(_button, range(24), answer.buttons), *_link(answer)]:
        yield {"type": "actions", "elements": buttons}
    yield {"type": "context", "elements": [_plain(footer(answer), 2000)]}


def _link(answer: Answer) -> Iterator[dict[str, Any]]:
    if (link := web_link(answer)) and len(link) <= LINK:
        label = WORDS[answer.language]["details"]
        yield {"type": "button", "action_id": "details", "url": link, "text": _plain(label, LABEL)}


def _facts(answer: Answer) -> Iterator[dict[str, Any]]:
    if answer.facts:
        elements: list[dict[str, Any]] = []
        room = FACTS
        for label, value in answer.facts:
            if (room := room - len(label[:60]) - len(value[:300])) < 0:
                break
            elements.append({"type": "text", "text": f"{clip(label, 60)}  ", "style": {"bold": True}})
            elements.append({"type": "text", "text": f"{clip(value, 300)}\n"})
        yield {"type": "rich_text_section", "elements": elements}


def _fence(text: str) -> dict[str, Any]:
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}


def _button(number: int, button: Button) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": f"{ACTION}-{number}",
        "text": _plain(button.label, LABEL),
        "value": button.token[:TOKEN],
        **({"style": "danger"} if button.danger else {"style": "primary"} if number == 0 else {}),
    }


def _plain(text: str, longest: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": clip(text, longest) or NOTHING, "emoji": False}


def escaped(text: str) -> str:
    """Text in which Slack finds no mention, link or channel. https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
