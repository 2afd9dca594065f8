"""Shows the answer to one event, in one message that is edited in place as often as its platform allows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Adapter, Posted, Unsent
from mooring.chat.said import Clicked, Said

GRACE_SECONDS = 1.0
"""For which nothing is shown but the acknowledgement: what is done by then needs no edit."""

EVERY_SECONDS = 3.0
"""Between two edits that say how far it is."""

PAUSES = (1.0, 4.0, 15.0)
"""Seconds before each further try of the final answer; adapters have tried several times by themselves."""

LINES = 3
"""Of what a change says of itself that are shown while it runs."""

log = logging.getLogger("mooring.chat")

Sleep = Callable[[float], Awaitable[object]]


class Showing:
    """Of one event. `before` is where its answer is shown already. Belongs to one event loop."""

    def __init__(
        self,
        adapter: Adapter,
        received: Said | Clicked,
        before: Posted | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._adapter, self._received, self.posted = adapter, received, before
        self._sleep = sleep
        self._lines: tuple[str, ...] = ()
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    def told(self, line: str) -> None:
        """How far it is, from within the loop."""
        self._lines = (*self._lines, line)[-LINES:]
        self._news.set()

    async def progress(self, first: Answer | None) -> None:
        """Shows the first answer, and later ones, until `finish` is called. One edit is left for the final answer."""
        if first is None or await self._waited(self._over, GRACE_SECONDS):
            return
        while not self._over.is_set():
            self._news.clear()
            if self.posted is None or self._spare:
                lines = self._lines
                running = replace(first, stage=Stage.RUNNING, log=(*first.log, *lines)) if lines else first
                try:
                    self.posted = await self._adapter.answer(self._received, running, self.posted)
                except Unsent as unsent:
                    log.warning("how far it is cannot be shown: %s", unsent)
            if await self._waited(self._over, EVERY_SECONDS):
                return
            await self._either()

    @property
    def _spare(self) -> bool:
        """Whether an edit may be spent on less than the final answer."""
        return self.posted is not None and (self.posted.edits is None or self.posted.edits > 1)

    def finish(self) -> None:
        """Ends `progress`, after what it is sending."""
        self._over.set()

    async def aside(self, answer: Answer) -> str:
        """Says it beside the message that it is about, which stays; "" or why that was not possible."""
        try:
            await self._adapter.post(self._received.place, answer)
        except Unsent as unsent:
            return str(unsent)
        return ""

    async def last(self, answer: Answer) -> str:
        """Shows the final answer; "" or why that was not possible."""
        why = ""
        for pause in (0.0, *PAUSES):
            if pause:
                await self._sleep(pause)
            try:
                self.posted = await self._adapter.answer(self._received, answer, self.posted)
            except Unsent as unsent:
                why = str(unsent)
            else:
                return ""
        try:  # what there was to answer with is of no use; a message of its own may be
            self.posted = await self._adapter.post(self._received.place, answer)
        except Unsent as unsent:
            return why or str(unsent)
        return ""

    async def _waited(self, event: asyncio.Event, seconds: float) -> bool:
        """Whether it happened within the time."""
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _either(self) -> None:
        """Until there is something to show, or nothing more."""
        tasks = [asyncio.create_task(event.wait()) for event in (self._news, self._over)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
