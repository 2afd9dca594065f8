"""What simulated models answer in a context instead of what the simulator's rules make of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mooring.spec.suite import ModelAnswer

_SCRIPT: ContextVar[ModelAnswer | None] = ContextVar("mooring_script", default=None)


@contextmanager
def scripted(answer: ModelAnswer | None) -> Iterator[None]:
    """Simulated models that are called within answer with `answer`; with None they are asked as ever."""
    token = _SCRIPT.set(answer)
    try:
        yield
    finally:
        _SCRIPT.reset(token)


def script() -> ModelAnswer | None:
    """The answer for the models that are called now."""
    return _SCRIPT.get()
