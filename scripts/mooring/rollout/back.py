"""Going back as a person asks for it, by the command line or by chat: the flip, and then the revert in git."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.errors import Failed
from mooring.rollout import driver
from mooring.rollout.actions import Notify
from mooring.rollout.doors import passable
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Receipt
from mooring.rollout.target import Target

if TYPE_CHECKING:
    from mooring.rollout.writeback import WrittenBack


def roll_back(
    target: Target, ledger: Ledger, state: Path, actor: str, notify: Notify = print, to: str | None = None
) -> Receipt:
    """Switches back as `driver.rollback` does, unless what is warm cannot use the database any more.

    `state` is the environment's folder.
    """
    way = to or next(iter(reversed(ledger.state(target.environment).trail[:-1])), "")
    with suppress(Failed):  # where nothing runs, nothing is warm; the rollback starts it
        passable(target, ledger, state, way)
    return driver.rollback(target, ledger, actor, notify, to=to)


def revert(root: Path, ledger: Ledger, environment: str, why: str) -> "WrittenBack | None":
    """Writes a branch that reverts the quarantined release; None where none is quarantined."""
    state = ledger.state(environment)
    if state.live is None or state.quarantined is None:
        return None
    from mooring.rollout.writeback import write_back

    return write_back(root, ledger, environment, state.live.digest, state.quarantined, why)
