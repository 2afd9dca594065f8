"""The way of one event: verified, heard, acknowledged in time, carried out in a thread, and answered."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from mooring.chat.action import Notify
from mooring.chat.answer import Answer, Stage
from mooring.chat.desk import Heard, Work
from mooring.chat.platforms.platform import Adapter, Incoming, Posted, Reply
from mooring.chat.said import Challenge, Clicked, Ignored, Said
from mooring.chat.serve.showing import Showing, Sleep
from mooring.errors import MooringError

HEARERS, WORKERS = 8, 16
"""Threads that hear, and threads that carry out: a command that takes long must not keep others from being heard."""

SHARE = 0.6
"""Of a platform's deadline in which an event is heard; the rest is for the reply's way back."""

log = logging.getLogger("mooring.chat")

Received = Said | Clicked


class Hearing(Protocol):
    """What is asked of the desk."""

    def hear(self, received: Received, at: float | None = None) -> Heard: ...

    def left(self) -> list[tuple[Received, Heard]]: ...


class Shown(Protocol):
    """What is asked of the store."""

    def posted(self, received: Received) -> Posted | None: ...

    def show(self, received: Received, answer: Answer, posted: Posted | None) -> None: ...

    def over(self, received: Received) -> None: ...


class Pipeline:
    """Of one door; belongs to one event loop. `adapter` is that of a connected platform, None for another: quick, and
    asked in a thread. `unposted` writes down why a final answer could not be posted."""

    def __init__(
        self,
        desk: Hearing,
        store: Shown,
        adapter: Callable[[str], Adapter | None],
        unposted: Callable[[Received, Answer, str], None],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._desk, self._store, self._adapter, self._unposted = desk, store, adapter, unposted
        self._clock, self._sleep = clock, sleep
        self._hearers = ThreadPoolExecutor(HEARERS, "hear")
        self._workers = ThreadPoolExecutor(WORKERS, "work")
        self._going: set[asyncio.Task[None]] = set()

    async def deliver(self, platform: str, incoming: Incoming) -> Reply | None:
        """The reply to a request; None for a platform that is not connected.

        Raises Unverified, ValueError for what cannot be read, and Failed where it could not be written down.
        """
        loop = asyncio.get_running_loop()
        adapter = await loop.run_in_executor(self._hearers, self._adapter, platform)
        if adapter is None:
            return None
        received = adapter.receive(incoming, self._clock())
        match received:
            case Challenge(body):
                return adapter.challenge(body)
            case Ignored(why):
                log.info("ignored an event of %s: %s", platform, why)
                return Reply()
        hearing = asyncio.ensure_future(loop.run_in_executor(self._hearers, self._desk.hear, received))
        await asyncio.wait({hearing}, timeout=adapter.deadline * SHARE)
        if not hearing.done():  # the answer follows, whatever it is
            self._go(self._heard_late(adapter, received, hearing))
            return adapter.acknowledge(received, None)
        heard = hearing.result()
        reply = Reply()
        try:
            reply = adapter.acknowledge(received, None if heard.work or heard.aside else heard.answer)
        finally:  # it is written down as heard, so something follows whatever becomes of the reply
            self._go(self.follow(adapter, received, heard, reply.posted))
        return reply

    async def hear(self, received: Received, at: float | None = None) -> None:
        """The same for what came by another way than a request, and was said at a time. Raises Failed where it is not
        heard."""
        loop = asyncio.get_running_loop()
        adapter = await loop.run_in_executor(self._hearers, self._adapter, received.caller.platform)
        if adapter is not None:
            heard = await loop.run_in_executor(self._hearers, self._desk.hear, received, at)
            self._go(self.follow(adapter, received, heard, None))

    async def resume(self) -> int:
        """Goes on with what an earlier door had heard and not finished; how much that was."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._hearers, self._desk.left)
        for received, heard in found:
            adapter = await loop.run_in_executor(self._hearers, self._adapter, received.caller.platform)
            if adapter is not None:
                posted = await loop.run_in_executor(self._hearers, self._store.posted, received)
                self._go(self.follow(adapter, received, heard, posted))
        return len(found)

    async def follow(self, adapter: Adapter, received: Received, heard: Heard, posted: Posted | None) -> None:
        """Carries out what follows and shows the answer; `posted` is where one is shown already."""
        showing = Showing(adapter, received, posted, sleep=self._sleep)
        if heard.work is None:
            if heard.answer is None:
                return
            show = showing.aside if heard.aside else showing.last
            why = "" if posted else await show(heard.answer)
            await self._write_down(received, heard.answer, showing.posted, why)
            return
        loop = asyncio.get_running_loop()

        def notify(line: str) -> None:
            loop.call_soon_threadsafe(showing.told, line)

        progress = asyncio.create_task(showing.progress(heard.answer))
        answer = await loop.run_in_executor(self._workers, _carried_out, heard.work, notify)
        showing.finish()
        await asyncio.gather(progress, return_exceptions=True)
        if answer is None:
            await self._quietly(self._store.over, received)
            return
        why = await showing.last(answer)
        await self._write_down(received, answer, showing.posted, why)

    async def close(self, seconds: float) -> None:
        """Waits for what is going on, so long at most. The next door is told of what is left."""
        if self._going:
            await asyncio.wait(self._going, timeout=seconds)
        self._hearers.shutdown(wait=False, cancel_futures=True)
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _heard_late(self, adapter: Adapter, received: Received, hearing: "asyncio.Future[Heard]") -> None:
        try:
            heard = await hearing
        except MooringError as error:
            log.error("an event of %s was not heard: %s", adapter.name, error)
            await Showing(adapter, received, sleep=self._sleep).last(_not_heard(error))
            return
        await self.follow(adapter, received, heard, None)

    async def _write_down(self, received: Received, answer: Answer, posted: Posted | None, why: str) -> None:
        await self._quietly(self._store.show, received, answer, posted)
        if why:
            log.warning("an answer could not be posted: %s", why)
            await self._quietly(self._unposted, received, answer, why)

    async def _quietly(self, work: Callable[..., None], *arguments: object) -> None:
        """What cannot be written down now is found again by the next door."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._hearers, work, *arguments)
        except MooringError as error:
            log.error("how an event was answered is not written down: %s", error)

    def _go(self, work: "asyncio._CoroutineLike[None]") -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._going.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: "asyncio.Task[None]") -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("what follows an event crashed", exc_info=error)


def _carried_out(work: Work, notify: Notify) -> Answer | None:
    return work(notify)


def _not_heard(error: MooringError) -> Answer:
    return Answer(Stage.FAILED, f"Nothing was done: {error}")
