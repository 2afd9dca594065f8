"""The database of an environment, opened for a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


@contextmanager
def stored(workspace: Workspace, environment: str, *, make: bool = False) -> Iterator["Transactions | None"]:
    """The environment's database; None where its file has not been made yet, unless `make`.

    An environment whose document is not valid here is taken to have a file. Raises Failed(STORAGE).
    """
    from mooring.commands import database
    from mooring.state.address import url_of
    from mooring.state.transactions import Transactions
    from mooring.state.unavailable import Unavailable

    document = database.document(workspace, environment)
    where = database.address(workspace, document) if document else url_of(workspace.of(environment), None, environment)
    if where.file is not None and not where.file.exists() and not make:
        yield None
        return
    opened = Transactions(where, workspace.of(environment))
    try:
        yield opened
    except Unavailable as error:
        raise database.failed(environment, error) from None
    finally:
        opened.close()
