"""The adapter of Feishu and Lark: signed and encrypted events; cards, replaced by callback token or by message."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mooring.chat.answer import Answer
from mooring.chat.platforms.feishu.access import Access
from mooring.chat.platforms.feishu.cards import card, encoded
from mooring.chat.platforms.feishu.envelope import opened, signature
from mooring.chat.platforms.feishu.reading import FEISHU, TOKEN_USES, read
from mooring.chat.platforms.platform import Incoming, Posted, Reply, Unsent
from mooring.chat.platforms.pressing import beside, private
from mooring.chat.platforms.sender import Clock, Sender, now
from mooring.chat.platforms.signing import fresh, header, part, same, short, text
from mooring.chat.platforms.text import heading
from mooring.chat.said import Caller, Challenge, Clicked, Place, Received, Said, Unverified

APIS = {"feishu": "https://open.feishu.cn/open-apis", "lark": "https://open.larksuite.com/open-apis"}


@dataclass
class FeishuAdapter:
    """`encrypt_key` signs events and encrypts them; the verification token is in each besides."""

    app_id: str
    app_secret: str = field(repr=False)
    verification_token: str = field(repr=False)
    encrypt_key: str = field(repr=False)
    api: str = APIS["feishu"]
    sender: Sender = field(default_factory=lambda: Sender("Feishu"), repr=False)
    clock: Clock = now
    name: str = FEISHU
    deadline: float = 3.0

    def __post_init__(self) -> None:
        self._access = Access(self.app_id, self.app_secret, self.api, self.sender, self.clock)

    def receive(self, incoming: Incoming, now: float) -> Received:
        """A request to verify the address comes unsigned, but with the token."""
        short(incoming.body)
        signed = "x-lark-signature" in incoming.headers
        if signed:
            stamp = header(incoming.headers, "x-lark-request-timestamp")
            nonce = header(incoming.headers, "x-lark-request-nonce")
            same(
                signature(stamp, nonce, self.encrypt_key, incoming.body),
                header(incoming.headers, "x-lark-signature"),
            )
            fresh(stamp, now)
        event = opened(incoming.body, self.encrypt_key)
        if event.get("type") == "url_verification":
            self._known(event.get("token"))
            return Challenge({"challenge": text(event, "challenge")})
        if not signed:
            raise Unverified("the request has no x-lark-signature")
        self._known(part(event, "header", "token"))
        if part(event, "header", "app_id") != self.app_id:
            raise Unverified("the event is for another app")
        return read(event, now)

    def _known(self, token: object) -> None:
        if not isinstance(token, str):
            raise Unverified("the event has no verification token")
        same(self.verification_token, token)

    def acknowledge(self, received: Said | Clicked, answer: Answer | None) -> Reply:
        """A card that was pressed is replaced by the reply itself; a message is answered by another message."""
        if isinstance(received, Said) or answer is None:
            return Reply(200, {})
        if private(received, answer):
            return Reply(200, {"toast": {"type": "error", "content": heading(answer)}}, Posted({}, 0))
        if beside(received):
            return Reply(200, {})
        body = {"card": {"type": "raw", "data": card(answer)}}
        return Reply(200, body, Posted({"message": received.reply["message"], "uses": TOKEN_USES}))

    def challenge(self, body: Mapping[str, Any]) -> Reply:
        return Reply(200, dict(body))

    async def vouch(self, caller: Caller) -> Caller:
        return caller

    async def answer(self, received: Said | Clicked, answer: Answer, before: Posted | None) -> Posted:
        if isinstance(received, Clicked) and not beside(received) and not private(received, answer):
            handle = before.handle if before else {"message": received.reply["message"], "uses": TOKEN_USES}
            if handle.get("uses", 0) > 0 and self.clock() < received.until:
                said = {"token": received.reply["token"], "card": card(answer)}
                code, _ = await self._access.call("POST", "/interactive/v1/card/update", said, repeatable=True)
                if code == 0:
                    return Posted({**handle, "uses": handle["uses"] - 1})
            return await self.edit(received.place, Posted({**handle, "uses": 0}), answer)
        if before:
            return await self.edit(received.place, before, answer)
        said = {"msg_type": "interactive", "content": encoded(card(answer)), "uuid": str(uuid.uuid4())}
        path = f"/im/v1/messages/{quote(str(received.reply['message']), safe='')}/reply"
        return self._written(*await self._access.call("POST", path, said, repeatable=True))

    async def post(self, place: Place, answer: Answer) -> Posted:
        said = {"receive_id": place.channel, "msg_type": "interactive", "content": encoded(card(answer))}
        said["uuid"] = str(uuid.uuid4())  # so that a second try of it writes no second message
        path = "/im/v1/messages?receive_id_type=chat_id"
        return self._written(*await self._access.call("POST", path, said, repeatable=True))

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        if message := posted.handle.get("message"):
            path, said = f"/im/v1/messages/{quote(str(message), safe='')}", {"content": encoded(card(answer))}
            code, _ = await self._access.call("PATCH", path, said, repeatable=True)
            if code == 0:
                return posted
        return await self.post(place, answer)

    async def close(self) -> None:
        await self.sender.close()

    def _written(self, code: int, data: Mapping[str, Any]) -> Posted:
        if code != 0 or not data.get("message_id"):
            raise Unsent(f"Feishu refused a card: {code}")
        return Posted({"message": data["message_id"]})
