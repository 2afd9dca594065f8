"""What GitHub sends: a comment on an issue or a pull request.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
"""

from collections.abc import Mapping
from typing import Any

from mooring.chat.platforms.addressed import is_command
from mooring.chat.platforms.signing import part, text
from mooring.chat.said import Caller, Ignored, Place, Received, Said
from mooring.timestamps import seconds

GITHUB = "github"
MARK = "<!-- mooring chat "
"""How our own comments begin."""

STALE_SECONDS = 3600.0
"""How old a comment may be that is still obeyed: a delivery can be repeated for three days, and it is not signed when.
A rollback that somebody asked for yesterday is wanted no more."""


def read(event: str, payload: Mapping[str, Any], repository: str, now: float) -> Received:
    """What an event says: of a webhook, or of a workflow that runs for one. Raises ValueError.

    Only a comment that was just created is heard. One that is edited may have been somebody else's.
    """
    if event != "issue_comment":
        return Ignored(f"an event of type {event[:40]}")
    if (action := payload.get("action")) != "created":
        return Ignored(f"a comment that was {str(action)[:40]}")
    if str(part(payload, "repository", "full_name")).lower() != repository.lower():
        return Ignored("a comment of another repository")
    return comment(payload.get("comment"), part(payload, "issue", "number"), now, part(payload, "sender", "type"))


def comment(found: Any, issue: Any, now: float, sender: object = "User") -> Said | Ignored:
    """What a comment says, as events and the API describe it. Raises ValueError."""
    if part(found, "user", "type") != "User" or sender != "User" or part(found, "performed_via_github_app"):
        return Ignored("a bot's comment")
    if part(found, "updated_at") != part(found, "created_at"):
        return Ignored("a comment that was edited")
    said = part(found, "body")
    if not isinstance(said, str) or said.startswith(MARK) or not is_command(said):
        return Ignored("a comment that is no command")
    if (age := now - seconds(text(found, "created_at"))) > STALE_SECONDS:
        return Ignored(f"a comment of {age / 60:.0f} minutes ago")
    number = part(found, "id")
    if not isinstance(number, int) or not isinstance(issue, int):
        raise ValueError("the comment has no id, or is of no issue")
    login = text(found, "user", "login")
    return Said(f"comment-{number}", Caller(GITHUB, login, login), Place(GITHUB, str(issue)), said, {"comment": number})
