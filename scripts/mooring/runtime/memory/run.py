"""A run of an agent: what is asked, what it did so far, and its result."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydantic_ai.messages import ModelMessagesTypeAdapter

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.steps import STEPS, Steps
from mooring.runtime.memory.store import StoredRun

QUEUED, RUNNING, WAITING, DONE, FAILED = "queued", "running", "awaiting-approval", "done", "failed"

OnText = Callable[[str], None]
Perform = Callable[["Run"], Awaitable[Answer]]
OnEnd = Callable[["Run"], Awaitable[None]]


@dataclass(frozen=True)
class Decision:
    """A person's verdict on the calls a run waited for, and the state of the run then: its data and its messages."""

    approved: bool
    message: str
    data: Mapping[str, Any]
    messages: str


@dataclass(frozen=True)
class Request:
    """Everything a run needs to begin or to begin again, in any process: a JSON value.

    A run that waits for a person ends, and its next `part` begins with the decision. Under a ticket, each new try
    is a part. `origin` is what the door wants to find again with the run: how it was asked for.
    """

    run: str
    agent: str
    release: str
    turn: Turn
    languages: tuple[str, ...] = ()
    created: float = field(default_factory=time.time)
    part: int = 0
    decision: Decision | None = None
    tenant: str = ""
    key: str = ""
    user: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name of this part, which no other has."""
        return part_id(self.run, self.part)

    def data(self) -> dict[str, Any]:
        """JSON-able. What the server remembers of a conversation is looked up again when the run begins.

        Without a user none is named: releases before memory read such a run too.
        """
        told = asdict(replace(self, turn=replace(self.turn, past=())))
        return told if self.user else {name: value for name, value in told.items() if name != "user"}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Request":
        """The request that `data()` said."""
        turn = dict(data["turn"])
        turn |= {"history": tuple((role, text) for role, text in turn["history"]), "past": ()}
        decision = Decision(**data["decision"]) if data["decision"] else None
        more = {"turn": Turn(**turn), "languages": tuple(data["languages"]), "decision": decision}
        return cls(**{**data, **more})


def part_id(run: str, part: int) -> str:
    """The name of a part of a run."""
    return f"{run}.{part}" if part else run


class Run:
    """A run in this process. `answer` is settled when it has ended, before its end may be written down.

    `slot` is the colour of the slot that carries it out.
    """

    def __init__(self, request: Request, record: Record, slot: str, on_text: OnText | None = None) -> None:
        self.request, self.record, self.slot = request, record, slot
        self.on_text = self._telling(on_text) if on_text else None
        self._told: list[str] = []
        self.steps: Steps | None = None
        self.ended: StoredRun | None = None
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._task: asyncio.Task[None] | None = None
        self._interrupted = False

    def begin(self, perform: Perform, on_end: OnEnd) -> None:
        """Starts the work; `on_end` is awaited once `ended` is set. Does nothing when it has begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(perform, on_end), name=self.request.id)
            self._task.add_done_callback(self._settle)

    def cancel(self) -> None:
        """Ends it: nobody waits for the answer any more. A second time is none: its end may be being written down."""
        if self._task and not self._task.cancelling():
            self._task.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether its work is being stopped."""
        return self._task is not None and self._task.cancelling() > 0

    async def interrupt(self) -> None:
        """Stops the work without an end, for another process to go on with."""
        self._interrupted = True
        self.cancel()
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)

    async def answered(self) -> Answer:
        """The answer. Raises Problem. Cancelling the wait leaves the run alone."""
        return await asyncio.shield(self.answer)

    async def wait(self, seconds: float) -> None:
        """Waits for the end, at most so long."""
        await asyncio.wait({self.answer}, timeout=seconds)

    def stored(self, status: str, **data: Any) -> StoredRun:
        """The run as it stands."""
        request = self.request
        facts = self.record.data() | {"part": request.part, "origin": request.origin} | data
        return StoredRun(
            request.run, request.agent, request.release, self.slot, status, request.created, time.time(), facts
        )

    async def _work(self, perform: Perform, on_end: OnEnd) -> None:
        STEPS.set(self.steps)
        answer: Answer | None = None
        try:
            answer = await perform(self)
            self.ended = self._ended(answer)
            await on_end(self)
            self.answer.set_result(answer)
        except asyncio.CancelledError:
            if answer is not None and self.ended is not None:
                self.answer.set_result(answer)  # its end is being written: it is too late to say that there was none
                return
            if self._interrupted:
                self.answer.cancel()
                raise
            await self._failed(Problem("run_cancelled", "the run was ended: its client left, or said so"), on_end)
        except Problem as problem:
            await self._failed(problem, on_end)
        except Exception:  # noqa: BLE001 - a run always comes to an end
            LOGGER.exception("run failed", extra={"run": self.request.run, "agent": self.request.agent})
            await self._failed(Problem("internal_error", "the run failed"), on_end)

    def _settle(self, _: "asyncio.Task[None]") -> None:
        """Whoever waits is answered, whatever became of the work."""
        if not self.answer.done():
            if self._interrupted:
                self.answer.cancel()
            else:
                self.answer.set_exception(Problem("run_cancelled", "the run was ended"))

    async def _failed(self, problem: Problem, on_end: OnEnd) -> None:
        try:
            if self.ended is None:
                self.ended = self.stored(FAILED, error=problem.body()["error"])
                await on_end(self)
        finally:
            if not self.answer.done():
                self.answer.set_exception(problem)

    def _ended(self, answer: Answer) -> StoredRun:
        said: dict[str, Any] = {"finish": answer.finish}
        if (told := "".join(self._told)) not in ("", answer.text):
            said["streamed"] = told
        if not answer.approvals:
            return self.stored(DONE, answer=answer.text, **said)
        turn = self.request.turn
        said["asked"] = {"message": turn.message, "variables": dict(turn.variables)}
        waiting = self.stored(WAITING, approvals=[asdict(each) for each in answer.approvals], note=answer.text, **said)
        return replace(waiting, messages=ModelMessagesTypeAdapter.dump_json(list(answer.messages)))

    def _telling(self, on_text: OnText) -> OnText:
        """A stream tells more than the answer: what an agent says before it calls a tool, too."""

        def tell(text: str) -> None:
            self._told.append(text)
            on_text(text)

        return tell


def text_of(run: StoredRun) -> str:
    """What the client of a run that has ended was told, or would have been."""
    data = run.data
    return str(data.get("streamed") or data.get("answer") or data.get("note") or "")


_HIDDEN = {
    "asked",
    "tenant",
    "key",
    "user",
    "origin",
    "remembered",
    "streamed",
    "note",
    "finish",
    "tries",
    "more_tries",
    "decided",
}


def shown(run: StoredRun) -> dict[str, Any]:
    """A run as a client sees it."""
    head = {"id": run.id, "object": "run", "agent": run.agent, "status": run.status, "release": run.release}
    moments = {"slot": run.slot, "created_at": run.created, "updated_at": run.updated}
    data = {name: value for name, value in run.data.items() if name not in _HIDDEN}
    return head | moments | {"answer": None, "approvals": [], "error": None} | data
