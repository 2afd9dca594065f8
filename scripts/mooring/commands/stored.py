"""The database of an environment, opened for a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace

if TYPE_CHECKING:
    from mooring.spec import Environment
    from mooring.state.transactions import Transactions


@contextmanager
def stored(
    workspace: Workspace, environment: str, *, make: bool = False, live: "Environment | None" = None
) -> Iterator["Transactions | None"]:
    """The environment's database; None where its file has not been made yet, unless `make`.

    It is where the `live` document says, else the one in the work tree; without a valid one it is taken for a file.
    Raises Failed(STORAGE).
    """
    from mooring.commands import database
    from mooring.state.address import url_of
    from mooring.state.transactions import Transactions
    from mooring.state.unavailable import Unavailable

    document = live or database.document(workspace, environment)
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
