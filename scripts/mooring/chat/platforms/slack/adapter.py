"""The adapter of Slack: signed with v0 HMAC; answered at once, then by response_url and the Web API.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Incoming, Posted, Reply, Unsent
from mooring.chat.platforms.pressing import beside, private
from mooring.chat.platforms.sender import Clock, Sender, now
from mooring.chat.platforms.signing import fresh, header, same, short
from mooring.chat.platforms.slack.blocks import message
from mooring.chat.platforms.slack.reading import RESPONSE_USES, SLACK, read
from mooring.chat.said import Caller, Clicked, Place, Received, Said

API = "https://slack.com/api"
HOOKS = "https://hooks.slack.com"

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
ELSEWHERE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})
"""Errors of a channel that the bot is not in, where a response_url still reaches it."""


@dataclass
class SlackAdapter:
    """`hooks` is where every response_url must be: a token for another address would be sent there."""

    signing_secret: str = field(repr=False)
    token: str = field(repr=False)
    api: str = API
    hooks: str = HOOKS
    sender: Sender = field(default_factory=lambda: Sender("Slack"), repr=False)
    clock: Clock = now
    name: str = SLACK
    deadline: float = 3.0

    def receive(self, incoming: Incoming, now: float) -> Received:
        short(incoming.body)
        stamp = header(incoming.headers, "x-slack-request-timestamp")
        given = header(incoming.headers, "x-slack-signature")
        signed = b"v0:" + stamp.encode() + b":" + incoming.body
        same(f"v0={hmac.new(self.signing_secret.encode(), signed, hashlib.sha256).hexdigest()}", given)
        fresh(stamp, now)
        return read(incoming.body, incoming.headers.get("content-type", ""), now)

    def acknowledge(self, received: Said | Clicked, answer: Answer | None) -> Reply:
        """A slash command and its answer are shown to the whole channel; an answer that changes is written after."""
        if isinstance(received, Clicked) or not received.reply.get("response_url"):
            return Reply()
        if answer is None or answer.stage in (Stage.QUEUED, Stage.RUNNING):
            return Reply(200, {"response_type": "in_channel"})
        return Reply(200, {"response_type": "in_channel", **message(answer)}, Posted({}, 0))

    def challenge(self, body: Mapping[str, Any]) -> Reply:
        return Reply(200, dict(body))

    async def vouch(self, caller: Caller) -> Caller:
        return caller

    async def answer(self, received: Said | Clicked, answer: Answer, before: Posted | None) -> Posted:
        if private(received, answer):
            return await self._whisper(received, answer)
        handle = dict(before.handle) if before else self._pressed(received)
        if isinstance(received, Clicked) and not beside(received) and self._replaceable(received, handle):
            await self._respond(received, answer, replace=True)
            return Posted({**handle, "uses": handle["uses"] - 1})
        if handle.get("ts") and (posted := await self._update(received.place, handle, answer)):
            return posted
        try:
            return await self._write(self._place(received), answer)
        except _Elsewhere:
            uses = handle.get("uses", RESPONSE_USES - 1)
            if not self._replaceable(received, {"uses": uses}):
                raise
            await self._respond(received, answer, replace=before is not None and not beside(received))
            return Posted({"uses": uses - 1}, uses - 1)

    async def post(self, place: Place, answer: Answer) -> Posted:
        return await self._write(place, answer)

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        if posted.handle.get("ts") and (found := await self._update(place, posted.handle, answer)):
            return found
        return await self._write(place, answer)

    async def close(self) -> None:
        await self.sender.close()

    def _pressed(self, received: Said | Clicked) -> dict[str, Any]:
        """The message of the button, where the answer takes its place."""
        return {} if beside(received) else {"ts": received.reply.get("ts", ""), "uses": RESPONSE_USES}

    def _place(self, received: Said | Clicked) -> Place:
        """The thread of an alert, where what its buttons do is told."""
        if not beside(received):
            return received.place
        return replace(received.place, thread=received.place.thread or str(received.reply.get("ts", "")))

    async def _whisper(self, received: Said | Clicked, answer: Answer) -> Posted:
        if not self._replaceable(received, {"uses": 1}):
            raise Unsent("Slack gives no way any more to tell only whoever pressed the button")
        await self._respond(received, answer, replace=False, kind="ephemeral")
        return Posted({}, 0)

    def _replaceable(self, received: Said | Clicked, handle: Mapping[str, Any]) -> bool:
        url = str(received.reply.get("response_url", ""))
        return url.startswith(f"{self.hooks}/") and handle.get("uses", 0) > 0 and self.clock() < received.until

    async def _respond(
        self, received: Said | Clicked, answer: Answer, *, replace: bool, kind: str = "in_channel"
    ) -> None:
        said = {"response_type": kind, "replace_original": replace, **message(answer)}
        status, _ = await self.sender.send("POST", str(received.reply["response_url"]), said, repeatable=replace)
        if status != 200:
            raise Unsent(f"Slack refused an answer by response_url: HTTP {status}")

    async def _update(self, place: Place, handle: Mapping[str, Any], answer: Answer) -> Posted | None:
        """The message with another answer; None where it cannot be edited any more."""
        channel = handle.get("channel") or place.channel
        said = {"channel": channel, "ts": handle["ts"], **message(answer)}
        del said["mrkdwn"]
        _, error = await self._call("chat.update", said, repeatable=True)
        if error in GONE | ELSEWHERE:
            return None
        if error:
            raise Unsent(f"Slack refused chat.update: {error}")
        return Posted({**handle, "ts": handle["ts"], "channel": channel})

    async def _write(self, place: Place, answer: Answer) -> Posted:
        said = {"channel": place.channel, "unfurl_links": False, "unfurl_media": False, **message(answer)}
        if place.thread:
            said["thread_ts"] = place.thread
        found, error = await self._call("chat.postMessage", said)
        if error:
            kind = _Elsewhere if error in ELSEWHERE else Unsent
            raise kind(f"Slack refused chat.postMessage: {error}")
        return Posted({"ts": found["ts"], "channel": found["channel"]})

    async def _call(self, method: str, said: Mapping[str, Any], *, repeatable: bool = False) -> tuple[Any, str]:
        """Slack's answer, and its error or nothing."""
        headers = {"Authorization": f"Bearer {self.token}"}
        status, found = await self.sender.send(
            "POST", f"{self.api}/{method}", dict(said), headers, repeatable=repeatable
        )
        if status != 200 or not isinstance(found, dict):
            raise Unsent(f"Slack answered HTTP {status} to {method}")
        return found, "" if found.get("ok") is True else str(found.get("error", "no reason"))[:80]


class _Elsewhere(Unsent):
    """The bot is not where it was asked to write."""
