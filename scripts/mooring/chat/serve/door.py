"""The door of one environment: what is in it, and what goes on while it is open."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from mooring.chat.alerts.watcher import Watcher
from mooring.chat.answer import Answer
from mooring.chat.contexts import Contexts
from mooring.chat.desk import Desk
from mooring.chat.platforms.platform import Adapter
from mooring.chat.said import Caller, Clicked, Said
from mooring.chat.serve.app import Refused, application
from mooring.chat.serve.connected import Connected, Make
from mooring.chat.serve.pipeline import Pipeline
from mooring.chat.serve.sweep import Comments, Sweep
from mooring.chat.store import Store
from mooring.errors import Failed, MooringError
from mooring.outcome import Reason
from mooring.rollout import chatted
from mooring.rollout.chatted import Chatted
from mooring.state.records import machines

if TYPE_CHECKING:
    from mooring.chat.action import Action
    from mooring.spec.chat import Chat

TIDY_SECONDS = 60.0
CLOSING_SECONDS = 8.0
"""That a change which goes on has when the door closes; the supervisor kills it after ten."""

AGAIN_SECONDS = 5.0
PERMISSION_SECONDS = 20.0

log = logging.getLogger("mooring.chat")


class Door:
    """Made inside a running event loop. `make` makes the adapters of platforms, `actions` are those of the grammar."""

    def __init__(
        self,
        root: Path,
        state: Path,
        environment: str,
        actions: "Mapping[str, Action]",
        make: Make,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environment, self.clock = environment, clock
        self._loop = asyncio.get_running_loop()
        self.contexts = Contexts(root, state.parent)
        self.records = self.contexts.records(environment)
        who = f"{machines.host()} {state.resolve()}"
        self.store = Store(self.records, clock, who)
        self.connected = Connected(self.document, make)
        self.desk = Desk(
            self.document,
            self.contexts,
            actions,
            self.store,
            clock,
            environment=environment,
            permission=self._permission,
        )
        self.pipeline = Pipeline(self.desk, self.store, self.connected, self._unposted, clock=clock)
        self.refused = Refused()
        self.sweep = Sweep(self._comments, self.pipeline.hear, self._last_heard, clock)
        self.watcher = Watcher(
            self.records, who, lambda: self.contexts.live(environment), self._adapter, self.desk.offer, clock
        )

    def document(self) -> "Chat | None":
        """The Chat document of the live release."""
        return self.contexts.document(self._environment)

    async def take_over(self) -> None:
        """Goes on with what an earlier door left, then hears what nobody delivered and tells alerts."""
        while True:
            try:
                if left := await self.pipeline.resume():
                    log.info("took over %d events from the door before", left)
                break
            except MooringError as error:
                log.warning("what the door before left cannot be read: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
        await asyncio.gather(self.sweep.run(), self.watcher.run())

    @property
    def app(self) -> Starlette:
        return application(self.pipeline.deliver, self.refused)

    async def tidy(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            self.refused.tell()
            await asyncio.to_thread(self.desk.tidy)

    async def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Waits for what goes on, so long at most. The next door is told of what is left."""
        await self.pipeline.close(seconds)
        await asyncio.to_thread(self.desk.close)
        await self.connected.close()
        self.contexts.close()

    def _permission(self, login: str) -> str | None:
        """What the repository lets a login do, asked from a thread of a command."""
        adapter = self.connected("github")
        if adapter is None:
            raise Failed(Reason.PROCESS, "no repository of GitHub is connected")
        asked = asyncio.run_coroutine_threadsafe(adapter.vouch(Caller("github", login)), self._loop)
        return asked.result(PERMISSION_SECONDS).permission or None

    def _unposted(self, received: Said | Clicked, answer: Answer, why: str) -> None:
        """In the ledger: it happened all the same."""
        caller, ledger = received.caller, self.records.ledger()
        if ledger is not None:
            text = received.text if isinstance(received, Said) else answer.title
            event = Chatted(self.clock(), answer.who, caller.platform, caller.id, text, chatted.UNPOSTED, why)
            chatted.record(ledger, self._environment, event)

    async def _comments(self) -> Comments | None:
        adapter = await self._adapter("github")
        return adapter if isinstance(adapter, Comments) else None

    async def _adapter(self, platform: str) -> Adapter | None:
        return await asyncio.to_thread(self.connected, platform)

    def _last_heard(self) -> float | None:
        with suppress(MooringError):
            return self.store.last("github")
        return None
