"""A bound on processor time: what a person wrote into a suite must not hang an evaluation."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mooring.evaluate.assertions.subject import Unjudged

SECONDS = 1.0


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises Unjudged in code that runs longer, also inside a regular expression. For the main thread.

    The process's own time is measured, not the clock, so a busy machine changes no verdict.
    """

    def stop(_: int, __: FrameType | None) -> None:
        raise Unjudged(f"it was still at work after {seconds:g} s, and was stopped")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
