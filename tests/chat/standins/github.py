"""A stand-in for GitHub: comments and permissions of a repository, and the webhooks that it sends, signed."""

import hashlib
import hmac
import itertools
import json
from typing import Any, ClassVar

from mooring.chat.platforms.platform import Incoming
from mooring.timestamps import iso, seconds
from tests.chat.standins.standin import Answer, Request, StandIn

REPOSITORY, SECRET, TOKEN = "acme/agents", "webhook-secret", "ghs_of_nobody"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
ISSUE = 7


class GitHub(StandIn):
    """`permissions` are (permission, role) by login."""

    api = "github"

    def __init__(self) -> None:
        super().__init__()
        self.permissions: dict[str, tuple[str, str]] = {"anna": ("write", "maintain")}
        self.comments: dict[int, dict[str, Any]] = {}
        self._numbers = itertools.count(101)

    @property
    def environ(self) -> dict[str, str]:
        return {"CHAT_GITHUB_SECRET": SECRET, "CHAT_GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.url}

    door: ClassVar[dict[str, str]] = {
        "repository": REPOSITORY,
        "webhookSecret": "env:CHAT_GITHUB_SECRET",
        "token": "env:CHAT_GITHUB_TOKEN",
    }

    @property
    def written(self) -> list[str]:
        """The texts of our own comments."""
        return [comment["body"] for comment in self.comments.values() if comment["user"] == BOT]

    def allowed(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, request: Request) -> Answer:
        method, _, path = request.call.partition(" ")
        if path.endswith("/permission"):
            login = request.path["username"]
            if login not in self.permissions:
                return 404, {"message": "Not Found"}
            permission, role = self.permissions[login]
            return 200, {"permission": permission, "role_name": role, "user": {"login": login}}
        if method == "PATCH":
            number = int(request.path["comment_id"])
            if number not in self.comments:
                return 404, {"message": "Not Found"}
            self.comments[number]["body"] = request.body["body"]
            return 200, self.comments[number]
        if method == "POST":
            return 201, self.add(request.body["body"], BOT, int(request.path["issue_number"]))
        since = seconds(request.query.get("since", "2000-01-01T00:00:00Z"))
        found = [one for one in self.comments.values() if seconds(one["updated_at"]) >= since]
        start = (int(request.query.get("page", 1)) - 1) * 100
        return 200, found[start : start + 100]

    def add(self, body: str, user: dict[str, str], issue: int = ISSUE, at: float = 1.8e9) -> dict[str, Any]:
        """A comment that somebody wrote."""
        number = next(self._numbers)
        self.comments[number] = {
            "id": number,
            "body": body,
            "user": user,
            "author_association": "OWNER",
            "created_at": iso(at),
            "updated_at": iso(at),
            "performed_via_github_app": None,
            "issue_url": f"{self.url}/repos/{REPOSITORY}/issues/{issue}",
        }
        return self.comments[number]

    def comment(self, body: str, now: float, login: str = "anna", **changes: Any) -> Incoming:
        """The webhook of a comment; `changes` are of its payload."""
        user = {"login": login, "type": "User"}
        payload = {
            "action": "created",
            "issue": {"number": ISSUE, "title": "Orders are late", "user": user},
            "comment": self.add(body, user, at=now),
            "repository": {"full_name": REPOSITORY},
            "sender": user,
        }
        return signed(payload | changes)


def signed(payload: Any, event: str = "issue_comment", secret: str = SECRET) -> Incoming:
    """With the headers that GitHub gives it; bytes as they are."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-github-event": event, "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    return Incoming({**headers, "x-hub-signature-256": f"sha256={digest}"}, body)
