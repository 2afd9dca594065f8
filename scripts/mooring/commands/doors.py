"""One-way doors: migrations after which the code of the release before cannot use the database any more."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.rollout.doors import ask, knows
from mooring.state.migrations.table import MIGRATIONS

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.report.console import Console
    from mooring.rollout.ledger import Ledger
    from mooring.targets.protocol import Target


def opener(
    workspace: Workspace, catalog: "Catalog", plan: "Plan", book: "Ledger", console: "Console"
) -> Callable[[], None] | None:
    """What opens the doors that wait, to be called once the deployment is admitted; None when there are none.

    Raises Refused(GUARDED) unless an override names them for this plan; prints that override first.
    """
    if ask(book, "select count(*) from versions")[0][0] >= len(MIGRATIONS):
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


def renew(running: "Target", book: "Ledger", workspace: Workspace, console: "Console") -> None:
    """Starts the live slot again where it runs with code from before the doors that were opened."""
    live = running.facts().live
    if live is None or knows(book, workspace.of(running.environment), live.slot) >= len(MIGRATIONS):
        return
    from mooring.targets.restarting import replace_process

    console.note(f"{live.slot} starts again with this code")
    replace_process(running, live.slot)
