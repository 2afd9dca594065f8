"""Where a slot keeps what must survive it, and how a failure of that is told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mooring import spec
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.state.place.address import Address
from mooring.state.place.location import deployed
from mooring.state.unavailable import Unavailable


def url_for(environment: spec.Environment, settings: Settings) -> Address | None:
    """Where the database is: as its folder says, or else the release. None for agents that do not serve.

    Raises Unfit for a secret that is no address, LookupError when it is not there.
    """
    if not settings.serving:
        return None
    return deployed(settings.state, environment).address(settings.environ)


def secret_of(environment: spec.Environment, environ: Mapping[str, str]) -> str | None:
    """The URL of the environment's PostgreSQL; None when it has none. Raises LookupError when it is not set."""
    if environment.database is None:
        return None
    name = environment.database.secret_ref.removeprefix("env:")
    if not environ.get(name):
        raise LookupError(f"environment variable {name} is not set")
    return environ[name]


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Raises Problem("storage_unavailable") for Unavailable. `what` is what cannot be stored, in the plural."""
    try:
        yield
    except Unavailable as error:
        raise Problem("storage_unavailable", f"{what} cannot be stored now ({error})") from error
