"""What Feishu sends: a message to the bot, a press on a card's button.

https://open.feishu.cn/document/server-docs/im-v1/message/events/receive
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
"""

from collections.abc import Mapping
from typing import Any

from mooring.chat.platforms.addressed import is_command
from mooring.chat.platforms.signing import json_object, optional, part, text
from mooring.chat.said import Caller, Clicked, Ignored, Place, Received, Said

FEISHU = "feishu"
TOKEN_SECONDS = 1800.0
TOKEN_USES = 2


def read(event: Mapping[str, Any], now: float) -> Received:
    """What a verified event says. Raises ValueError."""
    match part(event, "header", "event_type"):
        case "im.message.receive_v1":
            return _message(event)
        case "card.action.trigger":
            return _press(event, now)
        case other:
            return Ignored(f"an event of type {str(other)[:40]}")


def _message(event: Mapping[str, Any]) -> Received:
    message = part(event, "event", "message")
    if part(event, "event", "sender", "sender_type") != "user":
        return Ignored("a bot's message")
    if part(message, "message_type") != "text":
        return Ignored("a message that is no text")
    said = str(json_object(text(message, "content")).get("text", ""))
    mentions = part(message, "mentions")
    keys = (optional(one, "key") for one in mentions) if isinstance(mentions, list) else ()
    # the longest first, since @_user_1 begins @_user_12
    for key in sorted(keys, key=len, reverse=True):
        said = said.replace(key, " ") if key else said
    said = said.strip()
    if not is_command(said) and part(message, "chat_type") != "p2p":
        return Ignored("a message that is no command")
    return Said(
        text(event, "header", "event_id"),
        Caller(FEISHU, text(event, "event", "sender", "sender_id", "open_id")),
        Place(FEISHU, text(message, "chat_id"), optional(message, "thread_id")),
        said,
        {"message": text(message, "message_id")},
    )


def _press(event: Mapping[str, Any], now: float) -> Received:
    token = part(event, "event", "action", "value", "token")
    if not isinstance(token, str) or not token:
        return Ignored("a button that is none of ours")
    return Clicked(
        text(event, "header", "event_id"),
        Caller(FEISHU, text(event, "event", "operator", "open_id")),
        Place(FEISHU, text(event, "event", "context", "open_chat_id")),
        token,
        {"message": text(event, "event", "context", "open_message_id"), "token": text(event, "event", "token")},
        now + TOKEN_SECONDS,
    )
