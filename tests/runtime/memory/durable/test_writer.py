"""What one run says that no database takes costs nobody else anything, on either database."""

import asyncio
import secrets
from functools import partial

import pytest

from mooring.runtime.core.record import Budget, Record
from mooring.runtime.core.turn import Turn
from mooring.runtime.memory.durable.kept import Kept
from mooring.runtime.memory.durable.writer import Writer
from mooring.runtime.memory.run import Request, Run
from mooring.runtime.memory.steps import Entry
from mooring.state.database import Database
from mooring.state.runs import parts
from mooring.state.runs.checkpoints import Try


class Host:
    """Notes what it is told of runs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def began(self, kept: Kept) -> None:
        self.told.append(("began", kept.key[0]))

    def wrote(self, entry: Entry) -> None: ...

    def lost(self, kept: Kept) -> None:
        self.told.append(("lost", kept.key[0]))

    def finished(self, kept: Kept) -> None:
        self.told.append(("finished", kept.key[0]))


def request(run: str, tenant: str = "bank") -> Request:
    return Request(run, "support", "sha256:0", Turn("hi"), tenant=tenant)


def kept(asked: Request) -> Kept:
    return Kept(Run(asked, Record(asked.run, asked.agent, Budget(9)), "blue"))


BAD = {"half a character": request("bad", "\ud83d"), "too large": request(secrets.token_hex(200_000))}
"""What the driver does not take; and what has no room in an index of PostgreSQL, while SQLite takes it."""


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_written_holds_up_nothing_else(database_url: str, bad: str) -> None:
    async def scene() -> None:
        database, host = Database(database_url), Host()
        writer = Writer(database, "blue-1", "blue", host)
        asked = (request("first"), BAD[bad], request("last"))
        for each in asked:
            writer.tell(kept(each))
        queued = writer.queue(Try(request("ticket_1").data(), 0.0))
        writing = asyncio.create_task(writer.run())
        await asyncio.wait_for(queued, 5)
        await asyncio.wait_for(writer.flush(5), 6)
        later = request("later")
        writer.tell(kept(later))
        await writer.flush(5)
        assert not writing.done()
        assert writer.reason == ""
        assert {("began", "first"), ("began", "last"), ("began", "later")} <= set(host.told)
        taken = ("finished" if database_url.startswith("postgres") or bad != "too large" else "began", BAD[bad].run)
        assert taken in host.told
        for run in ("first", "last", "later", "ticket_1"):
            assert await database.read(partial(parts.last, run=run))
        writing.cancel()
        await database.close()

    asyncio.run(scene())
