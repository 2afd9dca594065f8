"""One-way doors: migrations after which the code of the release before cannot use the database any more."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.actions import short
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.running_folder import folder

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.report.console import Console
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target

PATIENCE = 60.0
"""Seconds to wait for a slot that starts again with this code."""


def opener(
    workspace: Workspace, catalog: "Catalog", plan: "Plan", book: "Ledger", console: "Console"
) -> Callable[[], None] | None:
    """What opens the doors that wait, to be called once the deployment is admitted; None when there are none.

    Raises Refused(GUARDED) unless an override names them for this plan; prints that override first.
    """
    if _ask(book, "select count(*) from versions")[0][0] >= len(MIGRATIONS):
        return None
    from mooring.commands.database import address, failed
    from mooring.spec import Environment
    from mooring.state.opening import Opening
    from mooring.state.unavailable import Unavailable

    document = catalog.get(Environment, plan.environment)
    if document is None:
        return None
    opening = Opening(address(workspace, document))
    try:
        waiting = opening.doors()
    except Unavailable as error:
        raise failed(plan.environment, error) from None
    if not waiting:
        return None
    names = [migration.name for migration in waiting]
    _allowed(catalog, plan, names, console)

    def opened() -> None:
        console.note(f"opening the one-way door {', '.join(names)}: the release before cannot come back")
        try:
            opening.open(names)
        except Unavailable as error:
            raise failed(plan.environment, error) from None

    return opened


def _allowed(catalog: "Catalog", plan: "Plan", names: list[str], console: "Console") -> None:
    from mooring.commands.lift import lift
    from mooring.spec.guards import ONE_WAY

    reason = f"the code of the release before cannot use the database after {', '.join(map(repr, names))}"
    what, told = f"a one-way door for {plan.environment}", "To let it pass, an owner commits {file}:"
    fix = f"commit the override above, and export the state of {plan.environment}"
    lift(catalog, plan, ONE_WAY, names, reason, what, told, fix, console)


def passable(running: "Target", book: "Ledger", workspace: Workspace, digest: str) -> None:
    """Refused(GUARDED) when a slot that is warm with a release runs code from before a one-way door."""
    needs = max((row[0] for row in _ask(book, "select needs from identity")), default=0)
    warm = running.facts().warm() if needs else None
    if warm is None or warm.digest != digest or _knows(running, book, workspace, warm.slot) >= needs:
        return
    what = f"{short(digest)} in {warm.slot} runs with code from before a one-way door of the database"
    fix = f"moor restart {running.environment} {warm.slot}: the same release with this code; then go back to it"
    raise Refused(Reason.GUARDED, what, fix)


def renew(running: "Target", book: "Ledger", workspace: Workspace, console: "Console") -> None:
    """Starts the live slot again where it runs with code from before the doors that were opened."""
    live = running.facts().live
    if live is None or _knows(running, book, workspace, live.slot) >= len(MIGRATIONS):
        return
    before = running.facts().slots[live.slot].pid
    console.note(f"{live.slot} starts again with this code")
    running.restart(live.slot)
    end = time.monotonic() + PATIENCE
    while not (slot := running.facts().slots[live.slot]).ready or slot.pid == before:
        if time.monotonic() > end:
            fix = f"moor logs {running.environment} {live.slot}"
            raise Failed(Reason.DEADLINE, f"{live.slot} is not ready after {PATIENCE:.0f} s", fix)
        time.sleep(0.05)


def _knows(running: "Target", book: "Ledger", workspace: Workspace, slot: str) -> int:
    """The migrations that the code of a slot knows; 0 for one that never said."""
    query = "select migrations from running_code where folder = :folder and slot = :slot"
    rows = _ask(book, query, folder=folder(workspace.of(running.environment)), slot=slot)
    return int(rows[0][0]) if rows else 0


def _ask(book: "Ledger", query: str, **values: str) -> list[tuple[Any, ...]]:
    return book.read(lambda statements: statements(query, **values))
