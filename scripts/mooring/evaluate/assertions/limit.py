"""A bound on processor time: what a person wrote into a suite must not hang an evaluation."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mooring.evaluate.assertions.subject import Unjudged

SECONDS = 1.0


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raises Unjudged in code that runs longer, also inside a regular expression. For the main thread.

    The thread's own time is measured, not the clock, so neither a busy machine nor other threads change a verdict.
    """
    end = time.thread_time() + seconds

    def stop(_: int, __: FrameType | None) -> None:
        if (left := end - time.thread_time()) > 0:
            signal.setitimer(signal.ITIMER_VIRTUAL, left)
            return
        raise Unjudged(f"it was still at work after {seconds:g} s, and was stopped")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
