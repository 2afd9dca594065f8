"""The database of an environment, opened for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


@contextmanager
def stored(workspace: Workspace, environment: str, *, make: bool = False) -> Iterator["Transactions | None"]:
    """The environment's database; None where its file has not been made yet, unless `make`.

    Raises Failed(STORAGE), and UsageError where nothing says where it is.
    """
    from mooring.commands.database import failed
    from mooring.state.place.location import locate
    from mooring.state.transactions import Transactions
    from mooring.state.unavailable import Unavailable

    where = locate(workspace.root, environment, workspace.of(environment)).found(os.environ)
    if where.file is not None and not where.file.exists() and not make:
        yield None
        return
    opened = Transactions(where, workspace.of(environment))
    try:
        yield opened
    except Unavailable as error:
        raise failed(environment, error) from None
    finally:
        opened.close()
