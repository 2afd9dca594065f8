"""How much of a month's budget was spent on models."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

from mooring.operate.patrol.seen import Found
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import TokenBudget


def looks(check: TokenBudget, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        from mooring.state.runs import spend

        first = datetime.fromtimestamp(surroundings.now, UTC).replace(day=1).date().isoformat()
        read = asyncio.get_running_loop().run_in_executor(
            None, surroundings.read, lambda connection: spend.since(connection, first, check.tenant)
        )
        usd = (await read).usd
        ratio = usd / check.usd_per_month
        return Found(f"{usd:.2f} of {check.usd_per_month:.2f} USD since {first} ({ratio:.0%})", ratio)

    yield "", look
