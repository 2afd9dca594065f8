"""A run as it goes: a bar with failures above it on a terminal, lines when piped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mooring.change.wording import clip
from mooring.evaluate.behaviour.cases import reasons
from mooring.evaluate.values import Trial
from mooring.report.console import Advance, Console

OnTrial = Callable[[str, Trial], None]
"""Told the side, `head` or `base`, and a trial."""

HEAD = "head"


@contextmanager
def asking(console: Console, total: int) -> Iterator[OnTrial]:
    """Hands out what is told every trial, of `total` on both sides. Failures of the head show as they come."""
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
    """`✗ support/refunds/in-german: not-contains: …`, with `?` for what was not judged."""
    again = f" (repeat {trial.repeat + 1})" if trial.repeat else ""
    return clip(f"{'?' if trial.passed is None else '✗'} {trial.suite}/{trial.case}{again}: {reasons(trial)[0]}", 300)
