"""An answer as a card, JSON 2.0. All is plain text but a log, whose fence nothing in it can end.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mooring.change.wording import clip
from mooring.chat.answer import Answer, Button, Stage
from mooring.chat.platforms.text import heading, newest, verbatim, web_link
from mooring.chat.platforms.wording import NOTHING, WORDS, footer, left_out

LARGEST = 30_000
"""Bytes of a card; Feishu takes 30 KB."""

LOG = 8000
FACTS = 20
ROWS = 50
PAGE = 10
"""Rows of a table that are shown at once: as many as Feishu takes, the others by turning pages."""

TEMPLATES = {
    Stage.QUEUED: "grey",
    Stage.RUNNING: "blue",
    Stage.ASKS: "yellow",
    Stage.DONE: "green",
    Stage.FAILED: "red",
    Stage.REFUSED: "carmine",
    Stage.ALERT: "red",
    Stage.RESOLVED: "green",
}


def card(answer: Answer) -> dict[str, Any]:
    """The card, made smaller where it is beyond what Feishu takes: log first, then the table."""
    found: dict[str, Any] = {}
    for log, rows, facts in ((LOG, ROWS, FACTS), (2000, 20, FACTS), (500, 5, 10), (200, 2, 5)):
        kept = tuple(newest(answer, verbatim(answer.log), log))
        short = replace(answer, log=kept, table=answer.table[: rows + 1], facts=answer.facts[:facts])
        missing = len(answer.table) - len(short.table)
        found = _card(short, left_out(answer, missing) if missing else "")
        if len(encoded(found).encode()) <= LARGEST:
            break
    return found


def encoded(found: dict[str, Any]) -> str:
    """A card as the text that the API takes."""
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _card(answer: Answer, note: str) -> dict[str, Any]:
    title = clip(heading(answer), 200)
    return {
        "schema": "2.0",
        "config": {"update_multi": True, "summary": {"content": title}},
        "header": {"title": _plain(title), "template": TEMPLATES[answer.stage]},
        "body": {"elements": [*_elements(answer, note)]},
    }


def _elements(answer: Answer, note: str) -> Iterator[dict[str, Any]]:
    for label, value in answer.facts:
        yield {
            "tag": "column_set",
            "columns": [_column(1, clip(label, 60), "grey"), _column(3, clip(value, 300), "default")],
        }
    if len(answer.table) > 1:
        yield _table(answer)
    if note:
        yield _text(note)
    if answer.log:
        yield {"tag": "markdown", "content": fenced("\n".join(answer.log))}
    buttons = [_button(number, button) for number, button in enumerate(answer.buttons[:10])]
    if buttons := [*buttons, *_link(answer)]:
        yield {"tag": "column_set", "flex_mode": "flow", "columns": [*map(_beside, buttons)]}
    yield _text(footer(answer))


def _link(answer: Answer) -> Iterator[dict[str, Any]]:
    if link := web_link(answer):
        text = _plain(WORDS[answer.language]["details"])
        yield {"tag": "button", "text": text, "behaviors": [{"type": "open_url", "default_url": link}]}


def _beside(button: dict[str, Any]) -> dict[str, Any]:
    """One below the other is how a card shows buttons that are in no columns."""
    return {"tag": "column", "width": "auto", "elements": [button]}


def _table(answer: Answer) -> dict[str, Any]:
    head, *rows = answer.table
    names = [f"c{number}" for number in range(len(head))]
    return {
        "tag": "table",
        "page_size": PAGE,
        "columns": [
            {"name": name, "display_name": clip(label, 60), "data_type": "text", "width": "auto"}
            for name, label in zip(names, head, strict=True)
        ],
        "rows": [dict(zip(names, (clip(cell, 100) for cell in row), strict=False)) for row in rows],
    }


def _column(weight: int, content: str, color: str) -> dict[str, Any]:
    text = {**_plain(content), "text_color": color}
    return {"tag": "column", "width": "weighted", "weight": weight, "elements": [{"tag": "div", "text": text}]}


def _button(number: int, button: Button) -> dict[str, Any]:
    kind = "danger_filled" if button.danger else "default" if number else "primary_filled"
    return {
        "tag": "button",
        "type": kind,
        "text": _plain(clip(button.label, 100)),
        "behaviors": [{"type": "callback", "value": {"token": button.token}}],
    }


def _text(content: str) -> dict[str, Any]:
    return {"tag": "div", "text": {**_plain(clip(content, 500)), "text_size": "notation", "text_color": "grey"}}


def _plain(content: str) -> dict[str, Any]:
    return {"tag": "plain_text", "content": content or NOTHING}


def fenced(text: str) -> str:
    """A block of code that `text` cannot end, and in which no tag is one: what is between is invisible."""
    return "```\n" + text.replace("`", "`\u200b").replace("<", "<\u200b") + "\n```"
