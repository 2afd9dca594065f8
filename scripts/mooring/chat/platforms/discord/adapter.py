"""The adapter of Discord: Ed25519 over timestamp and body; answers by the interaction's token, then as the bot.

https://docs.discord.com/developers/interactions/receiving-and-responding#security-and-authorization
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.chat.answer import Answer
from mooring.chat.platforms.discord.embeds import message
from mooring.chat.platforms.discord.reading import DISCORD, read
from mooring.chat.platforms.discord.registration import definitions
from mooring.chat.platforms.platform import Incoming, Posted, Reply, Unsent
from mooring.chat.platforms.pressing import beside, private
from mooring.chat.platforms.sender import Clock, Sender, now
from mooring.chat.platforms.signing import fresh, header, json_object, short
from mooring.chat.said import Caller, Clicked, Place, Received, Said, Unverified

API = "https://discord.com/api/v10"
MESSAGE, UPDATE = 4, 7
DEFERRED_MESSAGE, DEFERRED_UPDATE = 5, 6
EPHEMERAL = 64
_GONE = frozenset({403, 404})


@dataclass
class DiscordAdapter:
    """`public_key` is 64 hex digits."""

    application_id: str
    public_key: str
    token: str = field(repr=False)
    api: str = API
    sender: Sender = field(default_factory=lambda: Sender("Discord"), repr=False)
    clock: Clock = now
    name: str = DISCORD
    deadline: float = 3.0

    def receive(self, incoming: Incoming, now: float) -> Received:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        short(incoming.body)
        stamp = header(incoming.headers, "x-signature-timestamp")
        try:
            signature = bytes.fromhex(header(incoming.headers, "x-signature-ed25519"))
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(signature, stamp.encode() + incoming.body)
        except (InvalidSignature, ValueError):
            raise Unverified("the signature is wrong: another key signed it, or it was changed on its way") from None
        fresh(stamp, now)
        data = json_object(incoming.body)
        if data.get("application_id") != self.application_id:
            raise Unverified("the interaction is for another application")
        return read(data, now)

    def acknowledge(self, received: Said | Clicked, answer: Answer | None) -> Reply:
        replaces = isinstance(received, Clicked) and not beside(received)
        if answer is None:
            return Reply(200, {"type": DEFERRED_UPDATE if replaces else DEFERRED_MESSAGE})
        if private(received, answer):
            return Reply(200, {"type": MESSAGE, "data": {**message(answer), "flags": EPHEMERAL}}, Posted({}, 0))
        return Reply(200, {"type": UPDATE if replaces else MESSAGE, "data": message(answer)}, Posted())

    def challenge(self, body: Mapping[str, Any]) -> Reply:
        return Reply(200, dict(body))

    async def vouch(self, caller: Caller) -> Caller:
        return caller

    async def answer(self, received: Said | Clicked, answer: Answer, before: Posted | None) -> Posted:
        """The token is good for the one message that the interaction began, and needs no permission in the channel."""
        if self.clock() < received.until:
            url = f"{self.api}/webhooks/{self.application_id}/{received.reply['token']}"
            if private(received, answer):
                status, _ = await self.sender.send("POST", url, {**message(answer), "flags": EPHEMERAL})
                if not 200 <= status < 300:
                    raise Unsent(f"Discord refused to tell whoever pressed the button: HTTP {status}")
                return Posted({}, 0)
            status, found = await self.sender.send(
                "PATCH", f"{url}/messages/@original", message(answer), repeatable=True
            )
            if status == 200 and isinstance(found, dict):
                return Posted({"message": found.get("id"), "channel": found.get("channel_id")})
        return await self.edit(received.place, before or Posted(), answer)

    async def post(self, place: Place, answer: Answer) -> Posted:
        # a second try with the same nonce writes no second message
        body = {**message(answer), "nonce": secrets.token_hex(12), "enforce_nonce": True}
        path = f"/channels/{place.thread or place.channel}/messages"
        found = await self._call("POST", path, body, repeatable=True)
        if found is None:
            raise Unsent("Discord does not let the bot write in that channel")
        return Posted({"message": found.get("id"), "channel": found.get("channel_id")})

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        if written := posted.handle.get("message"):
            path = f"/channels/{posted.handle.get('channel') or place.channel}/messages/{written}"
            if await self._call("PATCH", path, message(answer), repeatable=True) is not None:
                return posted
        return await self.post(place, answer)

    async def close(self) -> None:
        await self.sender.close()

    async def register(self) -> int:
        """Replaces all commands of the application by the grammar's, and returns how many there are. Raises Unsent."""
        body = definitions()
        found = await self._call("PUT", f"/applications/{self.application_id}/commands", body, repeatable=True)
        if found is None:
            raise Unsent("Discord does not let this bot register commands")
        return len(body)

    async def _call(self, method: str, path: str, body: Any, *, repeatable: bool = False) -> Any:
        """What Discord answered as to the bot; None where that is gone or not allowed."""
        headers = {"Authorization": f"Bot {self.token}"}
        status, found = await self.sender.send(method, f"{self.api}{path}", body, headers, repeatable=repeatable)
        if status in _GONE:
            return None
        if not 200 <= status < 300 or found is None:
            code = found.get("code") if isinstance(found, dict) else None
            raise Unsent(f"Discord refused a {method}: HTTP {status}" + (f", code {code}" if code else ""))
        return found
