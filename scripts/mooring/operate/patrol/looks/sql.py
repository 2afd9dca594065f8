"""Whether a PostgreSQL database, or that of the environment's own state, answers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from mooring.operate.patrol.seen import Found
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Sql


def looks(check: Sql, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        loop = asyncio.get_running_loop()
        if check.secret_ref is None:
            await loop.run_in_executor(None, surroundings.read, lambda made: made.exec_driver_sql("select 1").scalar())
            return Found()
        from mooring.operate.patrol.postgres import ask

        url = surroundings.secret(check.secret_ref)
        await loop.run_in_executor(None, ask, url, "select 1", check.timeout_seconds)
        return Found()

    yield "", look
