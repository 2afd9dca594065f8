"""What Slack sends: a slash command, a press on a button, a mention.

https://docs.slack.dev/interactivity/implementing-slash-commands
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
https://docs.slack.dev/apis/events-api
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from mooring.chat.platforms.addressed import is_command
from mooring.chat.platforms.signing import json_object, optional, part, text
from mooring.chat.said import Caller, Challenge, Clicked, Ignored, Place, Received, Said

SLACK = "slack"
ACTION = "mooring"
"""How the ids of our buttons begin."""

RESPONSE_SECONDS = 1800.0
RESPONSE_USES = 5

OWN = "/moor"
"""A slash command after which any other is written, for apps that have but one."""

_MENTION = re.compile(r"^\s*(?:<@[A-Z0-9]+(?:\|[^>]*)?>\s*)+")


def read(body: bytes, content_type: str, now: float) -> Received:
    """What a verified request says. Raises ValueError."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return _event(json_object(body))
    try:
        form = dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50))
    except ValueError:
        raise ValueError("the request is no form in UTF-8") from None
    if "payload" in form:
        return _press(json_object(form["payload"]), now)
    if "ssl_check" in form:
        return Ignored("Slack checks the certificate")
    return _slash(form, now)


def _slash(form: Mapping[str, str], now: float) -> Said:
    command, rest = text(form, "command"), form.get("text", "").strip()
    said = f"{command} {rest}".strip() if command != OWN else rest if is_command(rest) else f"/{rest}"
    return Said(
        text(form, "trigger_id"),
        Caller(SLACK, text(form, "user_id"), form.get("user_name", "")),
        Place(SLACK, text(form, "channel_id")),
        unescaped(said),
        {"response_url": form.get("response_url", "")},
        now + RESPONSE_SECONDS,
    )


def _press(payload: Mapping[str, Any], now: float) -> Received:
    if payload.get("type") != "block_actions":
        return Ignored(f"an interaction of type {str(payload.get('type'))[:40]}")
    if not str(part(payload, "actions", 0, "action_id")).startswith(ACTION) or not part(payload, "actions", 0, "value"):
        return Ignored("a button that is a link, or none of ours")
    channel = optional(payload, "channel", "id") or optional(payload, "container", "channel_id")
    thread = optional(payload, "message", "thread_ts") or optional(payload, "container", "thread_ts")
    return Clicked(
        text(payload, "trigger_id"),
        Caller(SLACK, text(payload, "user", "id"), optional(payload, "user", "username")),
        Place(SLACK, text({"channel": channel}, "channel"), thread),
        text(payload, "actions", 0, "value"),
        {
            "response_url": optional(payload, "response_url"),
            "ts": optional(payload, "container", "message_ts") or optional(payload, "message", "ts"),
        },
        now + RESPONSE_SECONDS,
    )


def _event(data: Mapping[str, Any]) -> Received:
    if data.get("type") == "url_verification":
        return Challenge({"challenge": text(data, "challenge")})
    event = data.get("event")
    kind = part(event, "type")
    if data.get("type") != "event_callback" or kind not in ("app_mention", "message"):
        return Ignored(f"an event of type {str(kind)[:40]}")
    if part(event, "bot_id") or part(event, "subtype") or part(event, "edited"):
        return Ignored("a bot's message, or one that was changed")
    if kind == "message" and part(event, "channel_type") != "im":
        return Ignored("a message to others")
    said = unescaped(_MENTION.sub("", text(event, "text"))).strip()
    if not is_command(said):
        return Ignored("a message that is no command")
    return Said(
        text(data, "event_id"),
        Caller(SLACK, text(event, "user")),
        Place(SLACK, text(event, "channel"), optional(event, "thread_ts") or optional(event, "ts")),
        said,
    )


def unescaped(said: str) -> str:
    """The text as it was typed: Slack escapes three characters."""
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
