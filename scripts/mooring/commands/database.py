"""The database of an environment, as commands come to it."""

import os
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.errors import Failed
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.spec import Environment
    from mooring.state.address import Address
    from mooring.state.unavailable import Unavailable


def document(workspace: Workspace, name: str) -> "Environment | None":
    """The environment's document as it is here; None when it is not valid."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.spec import Environment

    return load(WorkTree(workspace.root))[0].get(Environment, name)


def address(workspace: Workspace, environment: "Environment") -> "Address":
    """Where an environment's document says that its state is. Failed(STORAGE) when that is nowhere."""
    from mooring.runtime.memory.storage import secret_of
    from mooring.state.address import url_of
    from mooring.state.unavailable import Unfit

    try:
        return url_of(workspace.of(environment.name), secret_of(environment, os.environ), environment.name)
    except LookupError as error:
        fix = "set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        raise Failed(Reason.STORAGE, str(error.args[0]), fix) from None
    except Unfit as error:
        raise failed(environment.name, error) from None


def failed(environment: str, error: "Unavailable") -> Failed:
    """What a command ends with when it cannot use the database."""
    return Failed(Reason.STORAGE, f"{environment}: {error}", error.fix)
