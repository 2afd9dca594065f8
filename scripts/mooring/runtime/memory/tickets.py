"""Tickets: a question that only got an apology is kept, asked again later, and its answer fetched by the ticket.

Each try is a run of its own; only what L0 to L2 answer ends them. The run of a conversation's turn takes that turn
when it succeeds, so the answer stands in the conversation too.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mooring.runtime.core.record import Record
from mooring.runtime.memory.run import DONE, QUEUED, RUNNING, WAITING, Request
from mooring.runtime.memory.store import StoredRun
from mooring.spec.resilience import Queue

_RUN, _TICKET = "run_", "ticket_"
GOOD = ("L0", "L1", "L2")

GAVE_UP = "gave-up"


def ticket_of(request: Request) -> str:
    """The ticket of a run: the same whenever it is asked for."""
    return request.run if is_try(request) else _TICKET + request.run.removeprefix(_RUN)


def is_try(request: Request) -> bool:
    """Whether a run is a try under a ticket."""
    return request.run.startswith(_TICKET)


def next_try(request: Request, record: Record, policy: Queue) -> tuple[Request, float] | None:
    """What is asked again after a run without a good answer, and in how many seconds; None when it is given up.

    Another try of a run that reached its limit would cost as much, and come to as little.
    """
    number = request.part + 1 if is_try(request) else 0
    if record.exhausted or not (is_try(request) or record.ticket) or number >= len(policy.retry_after_seconds):
        return None
    again = replace(request, run=ticket_of(request), part=number, decision=None)
    return again, policy.retry_after_seconds[number]


def shown(ticket: str, tries: Sequence[StoredRun]) -> dict[str, Any]:
    """A ticket as a client sees it."""
    last = tries[-1]
    status = _status(last)
    return {
        "id": ticket,
        "object": "ticket",
        "agent": last.agent,
        "status": status,
        "answer": last.data.get("answer") if status == DONE else None,
        "approvals": last.data.get("approvals", []),
        "rung": last.data.get("rung"),
        "tries": sum(each.status not in (QUEUED, RUNNING) for each in tries),
        "next_try_at": last.data.get("next_try_at"),
        "created_at": tries[0].created,
        "updated_at": last.updated,
    }


def _status(last: StoredRun) -> str:
    if last.status == WAITING or (last.status == DONE and last.data.get("rung") in GOOD):
        return last.status
    return QUEUED if last.status in (QUEUED, RUNNING) or last.data.get("ticket") else GAVE_UP
