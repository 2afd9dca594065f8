"""A stand-in for Feishu: its API, and what it sends to an app, encrypted and signed as documented."""

import base64
import hashlib
import itertools
import json
import os
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from mooring.chat.platforms.platform import Incoming
from tests.chat.standins.standin import Answer, Request, StandIn, complaints

APP, SECRET, VERIFICATION, KEY = "cli_a0", "app-secret", "verification-token", "encrypt-key"
CHAT, USER = "oc_ops", "ou_anna"
LARGEST = 30 * 1024


class Feishu(StandIn):
    """`cards` are those that were written, by message; `expire` is how long a tenant's token lives, in seconds."""

    api = "feishu"

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[str, Any] = {}
        self.updated: list[Any] = []
        self.used: dict[str, int] = {}
        self.written: dict[str, str] = {}
        self.expire = 7200
        self.tokens: list[str] = []
        self._numbers = itertools.count(1)

    @property
    def environ(self) -> dict[str, str]:
        secrets = {"FEISHU_SECRET": SECRET, "FEISHU_VERIFICATION": VERIFICATION, "FEISHU_KEY": KEY}
        return {**secrets, "MOORING_FEISHU_API": f"{self.url}/open-apis"}

    door: ClassVar[dict[str, str]] = {
        "appId": APP,
        "appSecret": "env:FEISHU_SECRET",
        "verificationToken": "env:FEISHU_VERIFICATION",
        "encryptKey": "env:FEISHU_KEY",
    }

    def allowed(self, request: Request) -> bool:
        if request.call.endswith("/internal"):
            return "authorization" not in request.headers
        return request.headers.get("authorization", "").startswith("Bearer t-")

    def answer(self, request: Request) -> Answer:
        body = request.body
        if request.call.endswith("/internal"):
            if (body["app_id"], body["app_secret"]) != (APP, SECRET):
                return 200, {"code": 10014, "msg": "app secret invalid"}
            self.tokens.append(f"t-{next(self._numbers)}")
            return 200, {"code": 0, "msg": "ok", "tenant_access_token": self.tokens[-1], "expire": self.expire}
        if request.headers["authorization"] != f"Bearer {self.tokens[-1]}":
            return 400, {"code": 99991663, "msg": "Invalid access token for authorization."}
        if request.call.endswith("/card/update"):
            used = self.used[body["token"]] = self.used.get(body["token"], 0) + 1
            if used > 2:
                return 400, {"code": 300020, "msg": "the token has been used up"}
            self.updated.append(self.card(json.dumps(body["card"], ensure_ascii=False)))
            return 200, {"code": 0, "msg": "ok"}
        card = self.card(body["content"])
        if request.call.startswith("PATCH"):
            if request.path["message_id"] not in self.cards:
                return 400, {"code": 230011, "msg": "The message is recalled."}
            self.cards[request.path["message_id"]] = card
            return 200, {"code": 0, "msg": "success", "data": {}}
        message = self.written.setdefault(body["uuid"], f"om_{next(self._numbers)}")
        self.cards[message] = card
        return 200, {"code": 0, "msg": "success", "data": {"message_id": message, "chat_id": CHAT}}

    def card(self, content: str) -> Any:
        """A card in its text form, checked."""
        if len(content.encode()) > LARGEST:
            self.complaints.append(f"a card of {len(content.encode())} bytes")
        self.complaints += complaints(self.api, {"$ref": "#/$defs/card"}, json.loads(content))
        return json.loads(content)

    def message(self, text: str, now: float, user: str = USER, **message: Any) -> Incoming:
        """A message in a group that names the bot first."""
        mention = {"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Mooring", "tenant_key": "t"}
        said = {
            "message_id": "om_said",
            "create_time": str(int(now * 1000)),
            "chat_id": CHAT,
            "chat_type": "group",
            "message_type": "text",
            "content": json.dumps({"text": f"@_user_1 {text}"}),
            "mentions": [mention],
        }
        sender = {"sender_id": {"open_id": user, "union_id": "on_0"}, "sender_type": "user", "tenant_key": "t"}
        return self.event("im.message.receive_v1", {"sender": sender, "message": said | message}, now)

    def press(self, token: str, now: float, user: str = USER, message: str = "om_card") -> Incoming:
        """A press on a button of a card of ours."""
        event = {
            "operator": {"tenant_key": "t", "open_id": user, "union_id": "on_0"},
            "token": f"c-{next(self._numbers)}",
            "action": {"value": {"token": token}, "tag": "button"},
            "host": "im_message",
            "context": {"open_message_id": message, "open_chat_id": CHAT},
        }
        return self.event("card.action.trigger", event, now)

    def event(self, kind: str, event: Any, now: float) -> Incoming:
        head = {
            "event_id": f"ev-{next(self._numbers)}",
            "event_type": kind,
            "create_time": str(int(now * 1000000)),
            "token": VERIFICATION,
            "app_id": APP,
            "tenant_key": "t",
        }
        return signed(sealed({"schema": "2.0", "header": head, "event": event}), now)


def verification(token: str = VERIFICATION, key: str = KEY) -> Incoming:
    """The request by which Feishu looks whether an address is the app's; it is not signed."""
    return Incoming({}, sealed({"challenge": "ajls384kdj", "token": token, "type": "url_verification"}, key))


def sealed(event: Any, key: str = KEY) -> bytes:
    """The encrypted body."""
    text = json.dumps(event).encode()
    pad = 16 - len(text) % 16
    start = os.urandom(16)
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(start)).encryptor()
    encrypted = cipher.update(text + bytes([pad]) * pad) + cipher.finalize()
    return json.dumps({"encrypt": base64.b64encode(start + encrypted).decode()}).encode()


def signed(body: bytes, now: float, key: str = KEY) -> Incoming:
    """With the headers that Feishu gives it."""
    stamp, nonce = str(int(now)), "1620286219"
    digest = hashlib.sha256(f"{stamp}{nonce}{key}".encode() + body).hexdigest()
    return Incoming(
        {"x-lark-request-timestamp": stamp, "x-lark-request-nonce": nonce, "x-lark-signature": digest}, body
    )
