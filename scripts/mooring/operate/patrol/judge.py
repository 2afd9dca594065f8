"""Judges over time: the standing of a check, out of what was seen of it lately. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mooring.operate.patrol.seen import State


@dataclass(frozen=True, slots=True)
class Rules:
    """How many looks in a row it takes to get worse, and how many patrols to get better."""

    failures: int
    recoveries: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The state that a check is in, since when (Unix time), and how many looks in a row say otherwise."""

    state: State
    since: float
    contrary: int = 0


def stand(before: Standing | None, states: Sequence[State], rules: Rules, now: float) -> Standing:
    """The standing after looks that found `states`, the newest last.

    A check that was never looked at before stands at `ok`. It becomes the best of `failures` worse states in a row, or
    the worst of `recoveries` better ones.
    """
    start = before or Standing(State.OK, now)
    worse, better = (_run(states, start.state, sign) for sign in (1, -1))
    if len(worse) >= rules.failures:
        return Standing(min(worse[-rules.failures :], key=lambda state: state.rank), now)
    if len(better) >= rules.recoveries:
        return Standing(max(better[-rules.recoveries :], key=lambda state: state.rank), now)
    return Standing(start.state, start.since, len(worse) or len(better))


def undecided(before: Standing | None, states: Sequence[State], rules: Rules, now: float) -> bool:
    """Whether the last look was worse than the standing, and another one at once would tell more."""
    standing = stand(before, states, rules, now)
    return bool(states) and states[-1].rank > standing.state.rank


def _run(states: Sequence[State], standing: State, sign: int) -> list[State]:
    """The last states in a row that are worse (`sign` 1) or better (-1) than the standing."""
    run: list[State] = []
    for state in reversed(states):
        if sign * (state.rank - standing.rank) <= 0:
            break
        run.insert(0, state)
    return run
