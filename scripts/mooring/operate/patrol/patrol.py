"""Looks at all that an environment depends on at once, and judges what was seen together with what was before."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from mooring.operate.patrol.clients import Clients
from mooring.operate.patrol.judge import Rules, Standing, stand, undecided
from mooring.operate.patrol.seen import Found, NotMade, Seen, State, Trouble, judged
from mooring.operate.patrol.surroundings import Surroundings
from mooring.operate.patrol.table import Dependency, dependencies
from mooring.operate.patrol.threads import Threads
from mooring.spec.patrol import Patrol
from mooring.state.unavailable import Unavailable

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a check: its standing, None for none; the states of its last looks, the newest last; and what
    was found out about its state."""

    standing: Standing | None = None
    states: Sequence[State] = ()
    note: str = ""


NOTHING = Before()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a patrol found out about one check: where it stands now, and each look, of which there is at least one."""

    standing: Standing
    looks: tuple[Seen, ...]
    rules: Rules
    note: str = ""

    @property
    def last(self) -> Seen:
        """The newest look."""
        return self.looks[-1]

    def data(self) -> dict[str, Any]:
        """JSON-able. `state` is where it stands, `found` what the newest look saw, `looks` what all of this patrol did;
        times are Unix time."""
        last, limits = self.last, self.last.limits
        return {
            "check": last.check,
            "kind": last.kind,
            "state": self.standing.state,
            "since": self.standing.since,
            "found": last.state,
            "contrary": self.standing.contrary,
            "recoveries": self.rules.recoveries,
            "seen": last.at,
            "seconds": round(last.seconds, 6),
            "value": last.value,
            "limits": limits._asdict() if limits else None,
            "detail": last.detail,
            "note": json.loads(self.note) if self.note else None,
            "looks": [{"state": look.state, "detail": look.detail} for look in self.looks],
        }


def patrol(
    document: Patrol, surroundings: Surroundings, before: Mapping[str, Before], clock: Clock = time.time
) -> list[Checked]:
    """One patrol: all checks of the environment in the time of the slowest, in the order of the document.

    A look that is worse than where its check stands is made again at once, until it is clear whether that was a blip.
    """
    return asyncio.run(_patrol(document, surroundings, before, clock))


def rules(document: Patrol, dependency: Dependency) -> Rules:
    """How many looks in a row a check takes to change its state."""
    check = dependency.check
    return Rules(check.failures or document.failures, check.recoveries or document.recoveries)


def longest(document: Patrol) -> int:
    """How many looks of the past may matter."""
    counts = ((check.failures or 0, check.recoveries or 0) for check in document.checks)
    return max(document.failures, document.recoveries, *(count for pair in counts for count in pair))


async def _patrol(
    document: Patrol, surroundings: Surroundings, before: Mapping[str, Before], clock: Clock
) -> list[Checked]:
    asyncio.get_running_loop().set_default_executor(Threads())
    real = surroundings.content.environment.calls_providers
    async with Clients(trust_env=real, simulator=surroundings.simulator) as clients:
        surroundings.clients = clients
        found = list(dependencies(document, surroundings))
        known = (before.get(dependency.name, NOTHING) for dependency in found)
        looked = (
            _settled(dependency, one, rules(document, dependency), document.repeat_after_seconds, surroundings, clock)
            for dependency, one in zip(found, known, strict=True)
        )
        return list(await asyncio.gather(*looked))


async def _settled(
    dependency: Dependency, before: Before, rules: Rules, pause: float, surroundings: Surroundings, clock: Clock
) -> Checked:
    """Looks until what was seen is clear, which takes `failures` looks at most."""
    looks = [await _look(dependency, surroundings, clock)]
    states = [*before.states, looks[-1].state]
    while undecided(before.standing, states, rules, clock()):
        await asyncio.sleep(pause)
        looks.append(await _look(dependency, surroundings, clock))
        states.append(looks[-1].state)
    standing = stand(before.standing, states, rules, clock())
    same = before.standing is not None and before.standing.state is standing.state
    return Checked(standing, tuple(looks), rules, before.note if same else "")


async def _look(dependency: Dependency, surroundings: Surroundings, clock: Clock) -> Seen:
    """One look, when it is its turn."""
    async with dependency.turns or nullcontext():
        return await _timed(dependency, surroundings, clock)


async def _timed(dependency: Dependency, surroundings: Surroundings, clock: Clock) -> Seen:
    """One look, whatever comes of it."""
    check, value = dependency.check, None
    at, started = clock(), time.perf_counter()
    try:
        async with asyncio.timeout(check.timeout_seconds):
            found = await dependency.look()
        seconds = time.perf_counter() - started
        state, value, detail = _judged(dependency, found, seconds)
    except TimeoutError:
        state, detail = State.ALARM, f"no answer within {check.timeout_seconds:g} s"
    except Trouble as error:
        state, detail = State.ALARM, str(error)
    except NotMade as error:
        state, detail = State.UNKNOWN, str(error)
    except Unavailable as error:
        state, detail = State.ALARM, f"the environment's database: {error}"
    except Exception as error:  # noqa: BLE001 - a look that breaks says nothing about the dependency, or of the others
        state, detail = State.UNKNOWN, f"the look itself failed: {type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    text = surroundings.plain(detail)
    return Seen(dependency.name, dependency.kind, state, seconds, at, text, check.limits, value)


def _judged(dependency: Dependency, found: Found, seconds: float) -> tuple[State, float | None, str]:
    limits = dependency.check.limits
    if limits is None:
        return State.OK, None, found.detail
    value = seconds if found.value is None else found.value
    return judged(value, limits), value, found.detail
