"""Asks one restored conversation to go on, through the real runtime and a simulated model."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.state.place.address import Address

if TYPE_CHECKING:
    from mooring.release.release import Release

VARIABLE = "MOORING_SCRATCH_DATABASE"
MESSAGE = "Where were we?"
LAST = "L4"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Continued:
    """A conversation that went on: how many turns it had before."""

    conversation: str
    agent: str
    turns: int


def go_on(release: "Release", address: Address, folder: Path, rules: Path) -> Continued | None:
    """Asks the newest conversation with an agent of the release one more question; None when there is none.

    `rules` is the folder of the simulator's rules. Raises Refused(PROBE_FAILED) when it has lost what was said or does
    not answer, Failed.
    """
    from mooring.evaluate.simulated import Simulator
    from mooring.state.runs.conversations import CONVERSATIONS
    from mooring.state.transactions import Transactions

    columns, database = CONVERSATIONS.c, Transactions(address)
    asked = sa.select(columns.id, columns.tenant, columns.agent, columns.version).where(
        columns.agent.in_(list(release.content.agents)), columns.version > 0, columns.bytes < 2**20
    )
    newest = asked.order_by(columns.updated.desc()).limit(1)
    found = database.read(lambda connection: connection.execute(newest).first())
    database.close()
    if found is None:
        return None
    known = Continued(found.id, found.agent, found.version)
    with Simulator(rules, folder / "simulator") as simulator:
        asyncio.run(_asked(_scratch(release, address), address, folder, simulator.url, known))
    return known


def _scratch(release: "Release", address: Address) -> "Release":
    """The same agents, in a slot that reaches nobody but the simulator and a database of its own."""
    from mooring.release.release import Release
    from mooring.spec.endpoints import SIMULATED
    from mooring.spec.environment import Database

    before = release.content.environment
    services = dict.fromkeys(before.services, SIMULATED)
    database = None if address.file else Database(secret_ref=f"env:{VARIABLE}")
    changed = {"endpoints": SIMULATED, "services": services, "database": database, "access": None}
    return Release.of(release.content.model_copy(update={"environment": before.model_copy(update=changed)}))


async def _asked(release: "Release", address: Address, folder: Path, simulator: str, known: Continued) -> None:
    from mooring.runtime.core.problems import Problem
    from mooring.runtime.core.settings import Settings
    from mooring.runtime.core.turn import Turn
    from mooring.runtime.runtime import Runtime

    environ = {**os.environ, VARIABLE: address.url}
    runtime = Runtime(release, Settings("scratch", folder, simulator, environ))
    await runtime.start()
    try:
        ready, reasons = runtime.ready()
        if not ready:
            raise Failed(Reason.NOT_READY, f"the scratch slot is not ready: {'; '.join(reasons)}")
        tenant, _, name = known.conversation.rpartition("/")
        served = runtime.agents.get(known.agent)
        for _ in range(TRIES):  # a busy machine may be too slow for the first
            record = runtime.agents.record(served, tenant=tenant)
            answer = await runtime.runner.run(served, Turn(MESSAGE, conversation=name), record)
            if record.rung != LAST and (answer.text or answer.approvals):
                break
        else:
            raise Refused(Reason.PROBE_FAILED, f"{known.agent} did not answer in the restored conversation")
        header = await runtime.conversations.archive.header(known.conversation)
        if not answer.approvals and (header is None or header.version != known.turns + 1):
            raise Refused(Reason.PROBE_FAILED, "the restored conversation did not keep its new turn")
    except Problem as problem:
        raise Refused(Reason.PROBE_FAILED, f"the restored conversation does not go on: {problem}") from None
    finally:
        await runtime.close()
