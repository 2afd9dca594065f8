"""Where a slot keeps what must survive it, and how a failure of that is told."""

from collections.abc import Iterator
from contextlib import contextmanager

from mooring import spec
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.state.location import deployed
from mooring.state.unavailable import Unavailable


def url_for(environment: spec.Environment, settings: Settings) -> str | None:
    """The database's URL, as its folder or the release says. None for agents that do not serve.

    Raises LookupError when the secret is not there.
    """
    return deployed(settings.state, environment).url(settings.environ) if settings.serving else None


def secret_of(environment: spec.Environment, settings: Settings) -> str | None:
    """The URL of the environment's PostgreSQL; None when it has none. Raises LookupError when it is not set."""
    location = deployed(settings.state, environment)
    return location.url(settings.environ) if location.variable else None


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Raises Problem("storage_unavailable") for Unavailable. `what` is what cannot be stored, in the plural."""
    try:
        yield
    except Unavailable as error:
        raise Problem("storage_unavailable", f"{what} cannot be stored now ({error})") from error
