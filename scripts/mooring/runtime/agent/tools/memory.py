"""Tools answered by the long-term memory of the user that a run is for.

What is recalled was said by a user, or by whoever got an agent to keep it. It is a tool's result like any other: free
of hidden characters, and never part of what the agent is told to do.
"""

from datetime import UTC, datetime
from typing import Any

from mooring.runtime.agent.tools.binding import Call, CallFailed, Unavailable
from mooring.runtime.agent.tools.result import visible
from mooring.runtime.core.record import CURRENT, Record
from mooring.runtime.memory.memories import Limits, Memories, Owner, nearest
from mooring.spec.tool import MemoryBind, RecallBind, RememberBind
from mooring.state.unavailable import Unavailable as NoDatabase

NOBODY = "nobody said which user this is for, so nothing can be remembered or recalled; go on without"
ILL = "what is remembered cannot be reached now; go on without"

_DAY = 86400.0


class RememberBinding:
    """Keeps the argument `text`."""

    def __init__(self, bind: RememberBind, memories: Memories) -> None:
        self._bind, self._memories = bind, memories
        self._limits = Limits(bind.max_memories, bind.max_total_bytes, bind.keep_days * _DAY)

    async def answer(self, call: Call) -> Any:
        """`{remembered: true}`."""
        text, record = visible(str(call.arguments["text"])).strip(), CURRENT.get()
        if not text:
            raise CallFailed("the text says nothing")
        if (size := len(text.encode())) > self._bind.max_bytes:
            raise CallFailed(f"the text has {size} bytes, and a memory at most {self._bind.max_bytes}: say it shorter")
        if record.rehearsed is not None:
            record.rehearsed[:] = [*(one for one in record.rehearsed if one != text), text]
            return {"remembered": True}
        by = (record.agent, record.release, record.run)
        try:
            await self._memories.remember(_owner(record, self._bind), text, by, self._limits)
        except NoDatabase as error:
            raise Unavailable(ILL) from error
        return {"remembered": True}


class RecallBinding:
    """Finds what has to do with the argument `query`."""

    def __init__(self, bind: RecallBind, memories: Memories) -> None:
        self._bind, self._memories = bind, memories

    async def answer(self, call: Call) -> Any:
        """`{memories: [{text, written}]}`; `written` is a date."""
        query, record, most = str(call.arguments["query"]), CURRENT.get(), self._bind.max_memories
        if record.rehearsed is not None:
            today = _date(datetime.now(UTC).timestamp())
            return {"memories": [{"text": text, "written": today} for text in nearest(record.rehearsed, query, most)]}
        try:
            found = await self._memories.recall(_owner(record, self._bind), query, most)
        except NoDatabase as error:
            raise Unavailable(ILL) from error
        return {"memories": [{"text": memory.text, "written": _date(memory.written)} for memory in found]}


def _owner(record: Record, bind: MemoryBind) -> Owner:
    """Raises CallFailed where users cannot be told apart."""
    if not record.user:
        raise CallFailed(NOBODY)
    return Owner(record.tenant, record.user, bind.space)


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()
