"""A release that goes bad after its switch, under load: it is taken back by itself, and no request is lost."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.responses import JSONResponse, Response

from mooring.errors import Failed, Stopped
from mooring.operate.exercises.documents import variant
from mooring.operate.exercises.load import Load, Seen, loaded
from mooring.operate.exercises.outcome import Check, Exercised
from mooring.operate.exercises.relay import Call, nothing
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.steps import ports_of
from mooring.operate.exercises.target import pids
from mooring.outcome import Reason
from mooring.rollout.state import Side
from mooring.rollout.target import Target

RTO_SECONDS = 1.0
"""From the first failed request to the next good one."""

CALM_SECONDS = 1.5
"""Load before the deployment and after its end."""

FELT_SECONDS = 5.0
"""For a client to meet the release that went bad, before it is watched."""

BAD = "A release whose model calls are refused as wrong from its switch on, for a live drill."


@dataclass(frozen=True, slots=True)
class Switch:
    """Traffic went to a slot, at a time of the monotonic clock."""

    at: float
    slot: str
    ms: float


class Switches:
    """A target that notes its switches; `then` is called right after each."""

    def __init__(self, target: Target, then: Callable[[Side], None]) -> None:
        self._target, self._then = target, then
        self.seen: list[Switch] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def switch(self, to: Side, token: int) -> float:
        """As the target's."""
        milliseconds = self._target.switch(to, token)
        self.seen.append(Switch(time.monotonic(), to.slot, milliseconds))
        self._then(to)
        return milliseconds


@dataclass
class Refusing:
    """Refuses what some processes ask of a model, as a vendor does that does not take an option of theirs."""

    processes: list[int] = field(default_factory=list)
    refused: int = 0
    _known: dict[int, bool] = field(default_factory=dict)

    def felt(self, seconds: float) -> None:
        """Waits until a client was refused, so long at most: the first probe of the bake would be quicker."""
        end = time.monotonic() + seconds
        while not self.refused and time.monotonic() < end:
            time.sleep(0.005)

    def begun(self, call: Call) -> Response | None:
        """The refusal of a model call by one of them; None lets a call pass."""
        if not self.processes or not call.path.endswith("/chat/completions"):
            return None
        if call.port not in self._known:
            self._known[call.port] = any(call.port in ports_of(pid) for pid in self.processes)
        if not self._known[call.port]:
            return None
        self.refused += 1
        error = {"message": "Unsupported option.", "type": "invalid_request_error", "code": "unsupported_value"}
        return JSONResponse({"error": error}, 400)


def exercise(scratch: Scratch) -> Exercised:
    """Deploys that release while clients ask. Raises Failed when the copy cannot be deployed to."""
    if scratch.relay is None:
        raise Failed(Reason.PROCESS, "the copy has no relay")
    refusing = Refusing()

    def goes_bad(to: Side) -> None:
        if len(switches.seen) == 1:
            refusing.processes = pids(scratch.target.facts().slots[to.slot])
            refusing.felt(FELT_SECONDS)

    switches = Switches(scratch.target, goes_bad)
    bad = variant(scratch.release, BAD, bakeSeconds=scratch.bake)
    scratch.relay.begun = refusing.begun
    try:
        with loaded(scratch.url, scratch.release.content.environment.rollout.probes) as load:
            time.sleep(CALM_SECONDS)
            scratch.notify("deploying a release that goes bad after its switch, under load")
            verdict = _deployed(scratch, bad.digest, lambda: scratch.deploy(bad, cast(Target, switches)))
            time.sleep(CALM_SECONDS)
    finally:
        scratch.relay.begun = nothing
    return _judged(scratch, load, switches.seen, verdict, refusing.refused)


def _deployed(scratch: Scratch, digest: str, deploy: Callable[[], None]) -> str:
    """Why the release was taken back; "" when it is live. Raises what kept it from ever being live."""
    try:
        deploy()
    except Stopped as stopped:
        if stopped.reason is not Reason.BAKE_FAILED:
            raise
        scratch.notify(f"taken back: {stopped}")
        return str(stopped)
    return "" if scratch.live.digest == digest else "another release is live"


def _judged(scratch: Scratch, load: Load, switches: list[Switch], verdict: str, refused: int) -> Exercised:
    seen = load.since(0.0)
    failed, lost = [one for one in seen if not one.good and not one.lost], sum(one.lost for one in seen)
    back = switches[1] if len(switches) > 1 else None
    rto = _rto(failed, seen, back)
    took = f"{back.at - switches[0].at:.2f} s after its switch, in {back.ms:.2f} ms" if back else "it stays live"
    told = f"{rto:.2f} s" if rto is not None else "no request failed" if not failed else "none was good again"
    checks = (
        Check("a release that goes bad after its switch", "is taken back by itself", took, bool(back and verdict)),
        Check("from the first failed request to the next good one", f"less than {RTO_SECONDS:g} s", told,
              rto < RTO_SECONDS if rto is not None else None if back else False),
        Check("requests meanwhile", "none is lost", f"{lost} of {len(seen):,} lost, {len(failed)} failed", lost == 0),
    )  # fmt: skip
    counted = scratch.ledger.last(scratch.target.environment, "accounted")
    figures = {
        "rto": None if rto is None else round(rto, 3),
        "requests": len(seen),
        "failed": len(failed),
        "lost": lost,
        "refused_calls": refused,
        "flip_ms": round(back.ms, 3) if back else None,
        "switch_to_flip": round(back.at - switches[0].at, 3) if back else None,
        "lost_by_the_slots": counted.event["lost"] if counted else None,
        "bake_seconds": scratch.bake,
        "verdict": verdict,
    }
    said = f"RTO {told}, {lost} of {len(seen):,} requests lost, {len(failed)} failed" if back else "it stayed live"
    return Exercised("rollback", checks, said, figures)


def _rto(failed: list[Seen], seen: list[Seen], back: Switch | None) -> float | None:
    """Seconds from the first failed request to the first good one that ended after the flip."""
    if not failed or back is None:
        return None
    good = [one.ended for one in seen if one.good and one.ended > back.at]
    return good[0] - failed[0].ended if good else None
