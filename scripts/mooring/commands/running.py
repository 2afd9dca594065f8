"""What running environments need: target, ledger, receipt. Quick to import, so that a rollback starts at once."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mooring.commands.workspace import Workspace
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console
from mooring.report.receipt import sentence
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Receipt
from mooring.targets import table
from mooring.targets.protocol import Target

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

DONE = {
    "deploy": Reason.DEPLOYED,
    "flip": Reason.DEPLOYED,
    "hotfix": Reason.DEPLOYED,
    "rollback": Reason.ROLLED_BACK,
    "return": Reason.ROLLED_BACK,
    "no-op": Reason.IN_SYNC,
}
"""How a command ends, by the kind of its receipt."""


def target(workspace: Workspace, environment: "str | Environment") -> Target:
    """The target of an environment, of whatever kind its document says."""
    name = environment if isinstance(environment, str) else environment.name
    return table.target(workspace.root, environment, workspace.of(name))


@contextmanager
def ledger(workspace: Workspace, environment: "str | Environment") -> Iterator[Ledger]:
    """The ledger of an environment, made when missing, closed at the end."""
    name = environment if isinstance(environment, str) else environment.name
    opened = Ledger.of(workspace.root, environment, workspace.of(name), os.environ)
    try:
        yield opened
    finally:
        opened.close()


def done(receipt: Receipt, console: Console) -> Outcome:
    """Prints the receipt and returns the command's outcome."""
    data = receipt.data()
    console.line(sentence(data), "green" if not data["lost"] else "red")
    return Outcome(DONE[receipt.kind], data)


def tell_git(workspace: Workspace, book: Ledger, name: str, why: str, console: Console) -> dict[str, Any]:
    """Writes a branch that reverts the quarantined release; prints its name, or why there is none."""
    from mooring.rollout.back import revert

    told = revert(workspace.root, book, name, why)
    if told is None:
        return {}
    console.line(f"git: branch {told.branch} holds the revert" if told.branch else f"no revert in git: {told.reason}")
    return {"revert": told.data()}


def actor() -> str:
    """Who acts, for the ledger: the person who triggered the workflow, or the user of this machine."""
    return os.environ.get("GITHUB_ACTOR") or f"{getpass.getuser()}@{socket.gethostname()}"
