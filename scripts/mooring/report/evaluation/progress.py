"""The progress of a run: a bar with failures above it on a terminal, lines when piped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mooring.change.wording import clip
from mooring.evaluate.behaviour.cases import reasons
from mooring.evaluate.values import Trial
from mooring.report.console import Advance, Console

OnTrial = Callable[[str, Trial], None]
"""Callback `(side, trial)`; `side` is `head` or `base`."""

HEAD = "head"


@contextmanager
def asking(console: Console, total: int) -> Iterator[OnTrial]:
    """Yields the callback for each of `total` trials of both sides. Shows failures of the head as they come."""
    failed = errors = 0

    def tell(advance: Advance, side: str, trial: Trial) -> None:
        nonlocal failed, errors
        counts = side == HEAD
        failed += counts and trial.passed is False
        errors += counts and trial.passed is None
        states = (f"{failed} failed" if failed else "", f"{errors} not judged" if errors else "")
        advance(", ".join(filter(None, states)), failure(trial) if counts and not trial.passed else "")

    with console.bar("asking", total) as advance:
        yield lambda side, trial: tell(advance, side, trial)


def failure(trial: Trial) -> str:
    """`✗ support/hours/in-german: not-contains: …`, with `?` for what was not judged."""
    again = f" (repeat {trial.repeat + 1})" if trial.repeat else ""
    return clip(f"{'?' if trial.passed is None else '✗'} {trial.suite}/{trial.case}{again}: {reasons(trial)[0]}", 300)
