"""A stand-in for Discord: its API, and the interactions that it sends, signed as documented."""

import itertools
import json
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mooring.chat.platforms.platform import Incoming
from tests.chat.standins.standin import Answer, Request, StandIn

APPLICATION, CHANNEL, USER = "790000000000000001", "790000000000000002", "790000000000000003"
TOKEN = "bot-token"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


class Discord(StandIn):
    """`messages` by id; `originals` are those that interactions began, by their token; `open` whether the bot may
    write in the channel."""

    api = "discord"
    prefix = "/api/v10"

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, Any] = {}
        self.originals: dict[str, str] = {}
        self.commands: list[Any] = []
        self.whispered: list[Any] = []
        self.nonces: dict[str, str] = {}
        self.open = True
        self._numbers = itertools.count(790000000000000100)

    @property
    def environ(self) -> dict[str, str]:
        return {"DISCORD_TOKEN": TOKEN, "MOORING_DISCORD_API": f"{self.url}{self.prefix}"}

    door: ClassVar[dict[str, str]] = {"applicationId": APPLICATION, "publicKey": PUBLIC, "token": "env:DISCORD_TOKEN"}

    def allowed(self, request: Request) -> bool:
        by_token = "/webhooks/" in request.call
        return request.headers.get("authorization") == (None if by_token else f"Bot {TOKEN}")

    def answer(self, request: Request) -> Answer:
        match request.call.split("/")[1]:
            case "webhooks" if request.call.startswith("POST"):
                self.whispered.append(request.body)
                return 200, {"id": str(next(self._numbers))}
            case "webhooks":
                written = self.originals.setdefault(request.path["webhook_token"], str(next(self._numbers)))
            case "applications":
                self.commands = request.body
                return 200, request.body
            case _ if not self.open:
                return 403, {"code": 50001, "message": "Missing Access"}
            case _ if nonce := (request.body or {}).get("nonce"):
                written = self.nonces.setdefault(nonce, str(next(self._numbers)))
            case _:
                written = request.path.get("message_id") or str(next(self._numbers))
                if request.call.startswith("PATCH") and written not in self.messages:
                    return 404, {"code": 10008, "message": "Unknown Message"}
        self.messages[written] = request.body
        return 200, {"id": written, "channel_id": CHANNEL, **request.body}

    def command(self, name: str, options: list[Any], now: float, user: str = USER) -> Incoming:
        """An application command, with its options."""
        data = {"id": "790000000000000010", "name": name, "type": 1, "options": options}
        return self.interaction(2, data, now, user)

    def press(self, custom_id: str, now: float, user: str = USER) -> Incoming:
        """A press on a button."""
        return self.interaction(3, {"component_type": 2, "custom_id": custom_id}, now, user)

    def interaction(self, kind: int, data: Any, now: float, user: str = USER) -> Incoming:
        number = str(next(self._numbers))
        body = {
            "id": number,
            "application_id": APPLICATION,
            "type": kind,
            "token": f"token-{number}",
            "version": 1,
            "guild_id": "790000000000000020",
            "channel_id": CHANNEL,
            "locale": "en-US",
            "data": data,
            "member": {"user": {"id": user, "username": "anna", "discriminator": "0"}, "roles": []},
        }
        return signed(json.dumps(body).encode(), now)


def sub(name: str, **values: Any) -> list[Any]:
    """The options of a command with a subcommand and its arguments."""
    kinds = {int: 4, str: 3}
    filled = [{"name": key, "type": kinds[type(value)], "value": value} for key, value in values.items()]
    return [{"name": name, "type": 1, "options": filled}]


def ping(now: float) -> Incoming:
    """By which Discord looks whether an address is the application's."""
    return signed(json.dumps({"id": "1", "application_id": APPLICATION, "type": 1, "version": 1}).encode(), now)


def signed(body: bytes, now: float, key: Ed25519PrivateKey = KEY) -> Incoming:
    """With the headers that Discord gives it."""
    stamp = str(int(now))
    signature = key.sign(stamp.encode() + body).hex()
    return Incoming({"x-signature-timestamp": stamp, "x-signature-ed25519": signature}, body)
