"""The database of an environment, for commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mooring.commands.workspace import Workspace
from mooring.errors import Failed, UsageError
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


def secret_of(workspace: Workspace, environment: str, environ: Mapping[str, str]) -> str | None:
    """The URL of the environment's PostgreSQL; None where it has a file. Raises UsageError when it is not set."""
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.spec import Environment

    document = load(WorkTree(workspace.root))[0].get(Environment, environment)
    if document is None or document.database is None:
        return None
    variable = document.database.secret_ref.removeprefix("env:")
    if not environ.get(variable):
        raise UsageError(f"environment variable {variable} is not set", f"export {variable}=…")
    return environ[variable]


@contextmanager
def stored(
    workspace: Workspace, environment: str, environ: Mapping[str, str], *, make: bool = False
) -> Iterator["Transactions | None"]:
    """The environment's database; None where its file has not been made yet, unless `make`.

    Raises Failed(STORAGE) when it does not answer.
    """
    from mooring.state.engine import file_of, url_of
    from mooring.state.transactions import Transactions
    from mooring.state.unavailable import Unavailable

    url = url_of(workspace.of(environment), secret_of(workspace, environment, environ))
    file = file_of(url)
    if file is not None and not file.exists() and not make:
        yield None
        return
    database = Transactions(url)
    try:
        yield database
    except Unavailable as error:
        raise Failed(Reason.STORAGE, f"the database of {environment} does not answer: {error}") from None
    finally:
        database.close()
