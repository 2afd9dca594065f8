"""The database of an environment, as commands come to it."""

import os
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.errors import Failed
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.spec import Environment
    from mooring.state.place.address import Address
    from mooring.state.unavailable import Unavailable


def document(workspace: Workspace, name: str) -> "Environment | None":
    """The environment's document as it is here; None when it is not valid."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.spec import Environment

    return load(WorkTree(workspace.root))[0].get(Environment, name)


def address(workspace: Workspace, environment: "Environment") -> "Address":
    """Where an environment keeps its state. Failed(STORAGE) when that is nowhere, Refused(STALE) when its document
    says otherwise."""
    from mooring.state.place.location import locate
    from mooring.state.unavailable import Unfit

    try:
        return locate(workspace.root, environment, workspace.of(environment.name)).address(os.environ)
    except LookupError as error:
        fix = "set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        raise Failed(Reason.STORAGE, str(error.args[0]), fix) from None
    except Unfit as error:
        raise failed(environment.name, error) from None


def failed(environment: str, error: "Unavailable") -> Failed:
    """What a command ends with when it cannot use the database."""
    return Failed(Reason.STORAGE, f"{environment}: {error}", error.fix)
