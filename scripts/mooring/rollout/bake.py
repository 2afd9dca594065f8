"""Gates that ask the running release itself: the probes before the switch and the bake after it."""

import re
from typing import TYPE_CHECKING

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.rollout.burning import Burning
from mooring.rollout.state import Side
from mooring.rollout.target import Clock, Facts, Reader
from mooring.simulated import stands_in

if TYPE_CHECKING:
    from mooring.spec.environment import Rollout

EARLY = 20
"""Requests after which a bake may fail before its time is over."""

PAUSE = 0.2
"""Seconds between two looks."""


def ask_probes(reader: Reader, slot: str, rollout: "Rollout", timeout: float) -> None:
    """Raises Failed(PROBE_FAILED) with the first answer that lacks the expected text.

    A simulated answer that came from no rule is an answer: there is nobody yet to say what is expected.
    """
    for probe in rollout.probes:
        try:
            answer = reader.probe(slot, probe.agent, probe.say, timeout)
        except Stopped as stopped:
            raise Failed(Reason.PROBE_FAILED, f"{probe.agent} did not answer the probe: {stopped}") from None
        if not re.search(probe.expect, answer) and not stands_in(answer):
            said = answer if len(answer) <= 120 else f"{answer[:117]}..."
            raise Failed(Reason.PROBE_FAILED, f"{probe.agent} answered {said!r}, expected /{probe.expect}/")


def bake(
    reader: Reader, side: Side, rollout: "Rollout", start: Facts, until: float, clock: Clock, burn: Burning
) -> str:
    """Watches the live slot until a time and returns a line about it. Raises Failed(BAKE_FAILED) as soon as it is bad.

    Requests since `start` count, and what `burn` has seen of the error budgets. Without any request, or where the
    budgets say nothing of the release, the probes are asked again and decide.
    """
    while True:
        received, failed = _look(reader.facts(), start, side)
        ended = clock.now() >= until
        if failed > rollout.max_error_rate * received and (ended or received >= EARLY):
            raise Failed(Reason.BAKE_FAILED, f"{failed} of {received} requests failed")
        burn.look(last=ended)
        if ended:
            break
        clock.sleep(max(0.0, min(PAUSE, until - clock.now())))  # time goes on between the two looks at it
    said = f"{failed} of {received} requests failed" if received else "no traffic"
    doubts = burn.doubts()
    if received and not doubts:
        return said
    ask_probes(reader, side.slot, rollout, rollout.deadline_seconds)
    return "; ".join([said, *doubts, "the probes passed again"])


def _look(facts: Facts, start: Facts, side: Side) -> tuple[int, int]:
    """Requests that ended and that failed in the live slot since `start`."""
    slot, before = facts.slots[side.slot], start.slots[side.slot]
    if facts.live != side:
        raise Failed(Reason.BAKE_FAILED, f"{side.slot} is not live any more")
    if slot.restarts > 0:
        raise Failed(Reason.BAKE_FAILED, f"{side.slot} died: {'; '.join(slot.reasons) or 'it was started again'}")
    if not slot.ready:
        raise Failed(Reason.BAKE_FAILED, f"{side.slot} is not ready: {'; '.join(slot.reasons)}")
    failed, answered = (slot.totals.get(name, 0) - before.totals.get(name, 0) for name in ("failed", "answered"))
    return failed + answered, failed
