"""A stand-in for Slack: its Web API and response_urls, and what it sends to an app, signed as documented."""

import hashlib
import hmac
import itertools
import json
from typing import Any, ClassVar
from urllib.parse import urlencode

from mooring.chat.platforms.platform import Incoming
from tests.chat.standins.standin import Answer, Request, StandIn

SECRET, TOKEN = "slack-signing-secret", "xoxb-of-nobody"
CHANNEL, USER = "C0OPS", "U0ANNA"


class Slack(StandIn):
    """`members` are the channels that the bot is in; `messages` are those that were written, by channel and ts."""

    api = "slack"

    def __init__(self) -> None:
        super().__init__()
        self.members = {CHANNEL}
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.responses: list[dict[str, Any]] = []
        self.used: dict[str, int] = {}
        self._numbers = itertools.count(1)

    @property
    def environ(self) -> dict[str, str]:
        secrets = {"SLACK_SIGNING_SECRET": SECRET, "SLACK_TOKEN": TOKEN}
        return {**secrets, "MOORING_SLACK_API": f"{self.url}/api", "MOORING_SLACK_HOOKS": f"{self.url}/hooks"}

    door: ClassVar[dict[str, str]] = {"signingSecret": "env:SLACK_SIGNING_SECRET", "token": "env:SLACK_TOKEN"}

    def allowed(self, request: Request) -> bool:
        of_api = request.call.startswith("POST /api/")
        return request.headers.get("authorization") == (f"Bearer {TOKEN}" if of_api else None)

    def answer(self, request: Request) -> Answer:
        if request.call.startswith("POST /hooks/"):
            used = self.used[request.path["token"]] = self.used.get(request.path["token"], 0) + 1
            if used > 5:
                return 404, "used_url"
            self.responses.append(request.body)
            return 200, "ok"
        body, channel = request.body, request.body["channel"]
        if channel not in self.members:
            return 200, {"ok": False, "error": "not_in_channel"}
        if request.call.endswith("chat.update"):
            if (channel, body["ts"]) not in self.messages:
                return 200, {"ok": False, "error": "message_not_found"}
            self.messages[channel, body["ts"]] |= body
            return 200, {"ok": True, "channel": channel, "ts": body["ts"]}
        ts = f"1700000000.{next(self._numbers):06}"
        self.messages[channel, ts] = dict(body)
        return 200, {"ok": True, "channel": channel, "ts": ts, "message": {"ts": ts}}

    def response_url(self, kind: str) -> str:
        return f"{self.url}/hooks/{kind}/T0/1/token-{next(self._numbers)}"

    def slash(self, line: str, now: float, user: str = USER, channel: str = CHANNEL) -> Incoming:
        """A slash command."""
        command, _, text = line.partition(" ")
        form = {
            "token": "legacy",
            "team_id": "T0",
            "team_domain": "example",
            "channel_name": "ops",
            "channel_id": channel,
            "user_id": user,
            "user_name": "anna",
            "command": command,
            "text": text,
            "api_app_id": "A0",
            "is_enterprise_install": "false",
            "response_url": self.response_url("commands"),
            "trigger_id": f"13345224609.738474920.{next(self._numbers)}",
        }
        return signed(urlencode(form).encode(), now, form=True)

    def press(self, value: str, now: float, user: str = USER, ts: str = "1700000000.000001") -> Incoming:
        """A press on a button of a message of ours."""
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": "anna", "team_id": "T0"},
            "api_app_id": "A0",
            "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False},
            "trigger_id": f"12321423423.333649436676.{next(self._numbers)}",
            "channel": {"id": CHANNEL, "name": "ops"},
            "message": {"type": "message", "bot_id": "B0", "ts": ts},
            "response_url": self.response_url("actions"),
            "actions": [{"type": "button", "action_id": "mooring-0", "block_id": "b", "value": value}],
        }
        return signed(urlencode({"payload": json.dumps(payload)}).encode(), now, form=True)

    def mention(self, text: str, now: float, **event: str) -> Incoming:
        """A message that names the app."""
        said = {"type": "app_mention", "user": USER, "text": f"<@U0BOT> {text}", "ts": "1700000000.000100"}
        body = {
            "type": "event_callback",
            "team_id": "T0",
            "api_app_id": "A0",
            "event_time": int(now),
            "event_id": f"Ev{next(self._numbers)}",
            "event": said | {"channel": CHANNEL, "event_ts": "1700000000.000100"} | event,
        }
        return signed(json.dumps(body).encode(), now)


def signed(body: bytes, now: float, *, form: bool = False, secret: str = SECRET) -> Incoming:
    """With the headers that Slack gives it."""
    stamp = str(int(now))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}", "content-type": kind}
    return Incoming(headers, body)
