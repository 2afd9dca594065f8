"""Tells incidents to channels: each in one message that is claimed first, changed in place, and told as over once.

What comes all at once is one message with a list.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mooring.chat import codec
from mooring.chat.alerts import words
from mooring.chat.alerts.incident import Incident
from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Adapter, Unsent
from mooring.chat.said import Place
from mooring.state.records import chat_messages
from mooring.state.records.chat_messages import Message
from mooring.state.transactions import Transactions, Work

if TYPE_CHECKING:
    from mooring.spec.chat import Chat

MANY, MINUTE = 5, 60.0
"""New messages in a channel within a minute; what is beyond comes in one with a list."""

AGAIN_SECONDS = 60.0
"""After which a message that was claimed and never written is tried again, and between edits of its figures."""

SAME_SECONDS = 900.0
"""For which an incident that comes back is told where it was told, and a storm takes up more."""

STORM = "storm"

log = logging.getLogger("mooring.chat")

T = TypeVar("T")
Ask = Callable[[str], Awaitable[Adapter | None]]


@dataclass(frozen=True)
class Seen:
    """`incidents` are those of now; `read` names what was looked at. What could not be is not over for that."""

    incidents: Sequence[Incident]
    read: Collection[str]
    silent: bool = False


class Teller:
    """Of one environment. `adapter` is that of a connected platform."""

    def __init__(self, environment: str, adapter: Ask) -> None:
        self._environment, self._adapter = environment, adapter
        self._edited: dict[tuple[str, str, str], float] = {}
        self._trouble: dict[str, str] = {}

    async def tell(self, seen: Seen, document: "Chat", database: Transactions, now: float) -> None:
        """Brings every channel up to date. Raises Unavailable; what was not done then is done the next time."""
        self._database, self._now = database, now
        known = {message.key: message for message in await self._do(chat_messages.messages)}
        for place, severities in _channels(document):
            told = {key for key, message in known.items() if message.over is None}
            incidents = [
                each
                for each in seen.incidents
                if each.severity in severities or (each.key, place.platform, place.channel) in told
            ]
            await self._to(place, incidents, known, seen, document)
        await self._close(known, seen, document)

    async def _to(
        self,
        place: Place,
        incidents: Sequence[Incident],
        known: Mapping[tuple[str, str, str], Message],
        seen: Seen,
        document: "Chat",
    ) -> None:
        new: list[tuple[Incident, Message | None]] = []
        for incident in incidents:
            message = known.get((incident.key, place.platform, place.channel))
            if message is not None and self._stands(message, incident):
                if message.posted and message.over is None:
                    await self._change(place, message, incident.answer)
            elif not (seen.silent and incident.alarm):
                new.append((incident, message))
        mine = [each for each in known.values() if (each.platform, each.channel) == (place.platform, place.channel)]
        recent = sum(each.at > self._now - MINUTE and _storm_of(each) is None for each in mine)
        alone = [each for each in new if not each[0].alarm or each[1] is not None]
        alarms = [each for each in new if each not in alone]
        if alarms and len(alarms) + recent > MANY:
            await self._storm(place, [incident for incident, _ in alarms], mine, document)
        else:
            alone = new
        for incident, message in alone:
            await self._open(place, incident, message)

    def _stands(self, message: Message, incident: Incident) -> bool:
        """Whether it is told already, or another process is at it."""
        if message.over is not None:
            return incident.over and not incident.alarm  # what is the case again is told again
        return bool(message.posted) or self._now - message.at < AGAIN_SECONDS

    async def _open(self, place: Place, incident: Incident, before: Message | None) -> None:
        """A new message; or the old one, where it was over a moment ago."""
        said, over = codec.answer_text(incident.answer), self._now if incident.over else None
        back = before is not None and before.over is not None and self._now - before.over < SAME_SECONDS
        posted = before.posted if before and back else ""
        claimed = Message(incident.key, place.platform, place.channel, self._now, "", said)
        if not await self._do(lambda connection: chat_messages.claim(connection, claimed, before)):
            return
        adapter = await self._adapter(place.platform)
        if adapter is None:
            return
        try:
            if posted and _storm_in(posted) is None:
                shown = await adapter.edit(place, codec.posted(posted), incident.answer)
            else:
                shown = await adapter.post(place, incident.answer)
        except Unsent as unsent:
            self._unsent(place, unsent)
            return
        written = replace(claimed, posted=codec.posted_text(shown), over=over)
        await self._do(lambda connection: chat_messages.change(connection, claimed, written))

    async def _change(self, place: Place, message: Message, answer: Answer, *, over: bool | None = None) -> None:
        """What is told now, in the place of what was told."""
        said = codec.answer_text(answer)
        over = answer.stage.final if over is None else over
        if (said == message.said and not over) or self._soon(message, answer):
            return
        new = replace(message, said=said, over=self._now if over else None)
        if _storm_of(message) is None:
            adapter = await self._adapter(place.platform)
            if adapter is None:
                return
            try:
                shown = await adapter.edit(place, codec.posted(message.posted), answer)
            except Unsent as unsent:
                self._unsent(place, unsent)
                self._edited[message.key] = self._now
                return
            new = replace(new, posted=codec.posted_text(shown))
        self._edited[message.key] = self._now
        await self._do(lambda connection: chat_messages.change(connection, message, new))

    def _soon(self, message: Message, answer: Answer) -> bool:
        """Whether only figures have moved since an edit a moment ago."""
        before = codec.answer(message.said)
        alike = (before.stage, before.title, before.buttons) == (answer.stage, answer.title, answer.buttons)
        return alike and self._now - self._edited.get(message.key, message.at) < AGAIN_SECONDS

    async def _close(self, known: Mapping[tuple[str, str, str], Message], seen: Seen, document: "Chat") -> None:
        """Tells that what is no longer the case is over, and what became of storms."""
        current = {incident.key for incident in seen.incidents}
        for message in known.values():
            source = message.incident.partition("/")[0]
            gone = message.incident not in current and source in seen.read
            if message.over is None and source != STORM and gone and message.posted:
                place = Place(message.platform, message.channel)
                await self._change(place, message, self._resolved(message, document), over=True)
        storms = [each for each in known.values() if each.incident.startswith(f"{STORM}/") and each.over is None]
        if storms:
            newest = await self._do(chat_messages.messages)
            for storm in storms:
                await self._weather(storm, newest, document)

    def _resolved(self, message: Message, document: "Chat") -> Answer:
        before, language = codec.answer(message.said), document.language
        if _storm_of(message) is not None:
            return replace(before, stage=Stage.RESOLVED)
        return Answer(
            Stage.RESOLVED,
            words.OVER(language, title=before.title),
            before.facts,
            seconds=self._now - message.at,
            language=language,
        )

    # --- storms ---

    async def _storm(
        self, place: Place, incidents: Sequence[Incident], mine: Iterable[Message], document: "Chat"
    ) -> None:
        """All of them in one message: that of the storm which goes on here, or a new one."""
        going = [
            each
            for each in mine
            if each.incident.startswith(f"{STORM}/") and each.over is None and self._now - each.at < SAME_SECONDS
        ]
        name = going[-1].incident if going else f"{STORM}/{self._now:.3f}"
        for incident in incidents:
            said = codec.answer_text(incident.answer)
            member = Message(incident.key, place.platform, place.channel, self._now, _member(name), said)
            await self._do(partial(chat_messages.claim, message=member))
        if not going:
            found = await self._do(chat_messages.messages)
            answer = self._list(name, place, found, document)
            severity = max((each.severity for each in incidents), key=("info", "ticket", "page").index)
            await self._open(place, Incident(name, severity, answer), None)

    async def _weather(self, storm: Message, newest: Sequence[Message], document: "Chat") -> None:
        place = Place(storm.platform, storm.channel)
        if not storm.posted:
            if self._now - storm.at >= AGAIN_SECONDS:
                answer = self._list(storm.incident, place, newest, document)
                await self._open(place, Incident(storm.incident, "ticket", answer), storm)
            return
        await self._change(place, storm, self._list(storm.incident, place, newest, document))

    def _list(self, name: str, place: Place, newest: Sequence[Message], document: "Chat") -> Answer:
        language = document.language
        members = [each for each in newest if _storm_of(each) == name and (each.platform, each.channel) == _at(place)]
        still = [each for each in members if each.over is None]
        about = {"environment": self._environment, "open": len(still), "count": len(members)}
        title = words.STORM(language, **about) if still else words.CALM(language, **about)
        rows = [
            (words.RESOLVED(language) if each.over else words.OPEN(language), codec.answer(each.said).title)
            for each in members
        ]
        return Answer(
            Stage.ALERT if still else Stage.RESOLVED, title, tuple(rows[:_LISTED]), log=_rest(rows), language=language
        )

    async def _do(self, work: Work[T]) -> T:
        return await asyncio.to_thread(self._database.write, work)

    def _unsent(self, place: Place, unsent: Unsent) -> None:
        if self._trouble.get(place.platform) != str(unsent):
            log.warning("an alert could not be posted: %s", unsent)
        self._trouble[place.platform] = str(unsent)


_LISTED = 20


def _rest(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return (f"+{len(rows) - _LISTED}",) if len(rows) > _LISTED else ()


def _member(storm: str) -> str:
    """In the place of a message of its own."""
    return json.dumps({STORM: storm})


def _storm_in(posted: str) -> str | None:
    found = json.loads(posted).get(STORM) if posted else None
    return str(found) if found else None


def _storm_of(message: Message) -> str | None:
    """The storm in whose message it is told; None where it has one of its own."""
    return _storm_in(message.posted)


def _at(place: Place) -> tuple[str, str]:
    return place.platform, place.channel


def _channels(document: "Chat") -> Iterator[tuple[Place, set[str]]]:
    for platform in document.platforms:
        channels = getattr(document, platform).channels
        by: dict[str, set[str]] = {}
        for severity in ("page", "ticket", "info"):
            for channel in getattr(channels, severity):
                by.setdefault(channel, set()).add(severity)
        for channel, severities in by.items():
            yield Place(platform, channel), severities
