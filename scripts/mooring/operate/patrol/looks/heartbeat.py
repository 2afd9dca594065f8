"""Whether scheduled jobs reported in time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import HeartbeatLook
from mooring.state.records import heartbeats

OWN = "patrol"
"""The job that looks; that it does is its own heartbeat."""


def looks(check: HeartbeatLook, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    for job in check.jobs or (job for job in heartbeats.JOBS if job != OWN):
        yield job, partial(look, job, surroundings)


async def look(job: str, surroundings: Surroundings) -> Found:
    """Reads when a job last reported. Raises Trouble where that is too long ago."""
    loop = asyncio.get_running_loop()
    known = await loop.run_in_executor(None, surroundings.read, heartbeats.heartbeats)
    if not known:
        raise NotMade("no scheduled job has reported here yet; see that the workflows are enabled")
    if late := next((each for each in heartbeats.late(known, surroundings.now) if each.job == job), None):
        since = f"for {_minutes(surroundings.now - late.reported)}" if late.reported is not None else "yet"
        raise Trouble(f"has not reported {since}, and runs every {_minutes(late.period)}")
    beat = next((each for each in known if each.job == job), None)
    if beat is None or beat.reported is None:
        return Found("has not reported yet, and is not due")
    return Found(f"reported {_minutes(surroundings.now - beat.reported)} ago")


def _minutes(seconds: float) -> str:
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
