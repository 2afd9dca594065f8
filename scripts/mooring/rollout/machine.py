"""Blue-green as a pure function without clock or I/O: events come in, commands go out.

    idle -> staging -> probing -> switching -> baking -> retiring -> idle
               |          |           |          |
               +----------+-----------+          +-> reverting -> aborting -> idle
                          v
                      aborting -> idle

A release that is warm and was committed before starts at probing and skips baking. Every phase but
idle has one command under way, so when a process dies, the next one resumes from the phase it left.
"""

from collections.abc import Callable
from typing import Any

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.state import (
    BLUE,
    Bake,
    Command,
    Discard,
    Discarded,
    Event,
    Kind,
    Passed,
    Phase,
    Probe,
    Requested,
    Resumed,
    Retire,
    Retired,
    Side,
    Stage,
    Staged,
    State,
    Stumbled,
    Superseded,
    Switch,
    Switched,
    other,
)

Step = tuple[State, tuple[Command, ...]]

TRAIL = 50
"""How many committed releases are remembered as rollback targets."""


LEFT = "the process that deployed it ended before the switch"
UNDONE = "rolled back while it was watched"


def step(state: State, event: Event) -> Step:
    """The next state and its commands. Refused when a request may not start; ValueError for an impossible event."""
    if isinstance(event, Resumed | Superseded):
        return _taken_over(state, event)
    if isinstance(event, Requested):
        return _requested(state, event)
    handler = _HANDLERS.get((state.phase, type(event)))
    if handler is None:
        raise ValueError(f"{type(event).__name__} cannot happen while {state.phase}")
    return handler(state, event)


def way_back(state: State, to: str | None = None) -> str:
    """The digest a rollback goes to: `to`, or the release committed before the live one. Refused(NO_STANDBY)."""
    live = state.live.digest if state.live else None
    choices = [digest for digest in state.trail if digest not in (live, state.quarantined)]
    if to is not None and to not in choices:
        raise Refused(Reason.NO_STANDBY, f"{to} is not a release this environment can go back to")
    if not choices:
        raise Refused(Reason.NO_STANDBY, "there is no earlier release to go back to")
    return to or choices[-1]


def _requested(state: State, event: Requested) -> Step:
    if state.phase is not Phase.IDLE:
        raise ValueError(f"a rollout is {state.phase}")
    if not event.kind.back:
        _admit(state, event)
    if event.kind is Kind.DEPLOY:
        state = state.change(quarantined=None)
    if event.hotfix:
        state = state.change(hotfixes=(*state.hotfixes, event.hotfix))
    slot = other(state.live.slot) if state.live else BLUE
    target = Side(slot, event.digest)
    fresh = state.change(origin=state.live, target=target, deadline=event.deadline, bake_seconds=event.bake_seconds)
    fresh = fresh.change(verdict=None, detail="")
    warm = event.warm == target
    if state.live and state.live.digest == event.digest:
        return _again(fresh.change(target=state.live, origin=None), event.kind.back)
    if warm and (event.kind.back or (event.kind is Kind.DEPLOY and event.digest in state.trail)):
        kind = event.kind if event.kind.back else Kind.FLIP
        return fresh.change(phase=Phase.PROBING, kind=kind), (Probe(target, questions=False),)
    return fresh.change(phase=Phase.STAGING, kind=event.kind), (Stage(target),)


def _admit(state: State, event: Requested) -> None:
    if event.digest == state.quarantined and not event.lifted:
        raise Refused(Reason.QUARANTINED, f"{event.digest} was taken back and stays out until it differs")
    if event.frozen is not None:
        raise Refused(Reason.FROZEN, f"frozen: {event.frozen}")


def _again(state: State, back: bool) -> Step:
    """Handles a request for the live release: a no-op once it is committed, else it passes the gates now."""
    if back:
        raise Refused(Reason.NO_STANDBY, f"{state.goal.digest} is live already")
    if state.trail[-1:] == (state.goal.digest,):
        return state.change(kind=None, target=None), ()
    return state.change(phase=Phase.PROBING, kind=Kind.DEPLOY), (Probe(state.goal, questions=True),)


def _staged(state: State, event: Event) -> Step:
    if event.at > state.deadline:
        return _abort(state, Reason.DEADLINE, "ready, but after the deadline")
    return state.change(phase=Phase.PROBING), (Probe(state.goal, _watched(state)),)


def _probed(state: State, event: Passed) -> Step:
    if event.at > state.deadline:
        return _abort(state, Reason.DEADLINE, "probes passed, but after the deadline")
    if state.live == state.target:
        return _bake(state, event)
    return state.change(phase=Phase.SWITCHING), (Switch(state.goal),)


def _switched(state: State, event: Event) -> Step:
    state = state.change(live=state.target)
    return _bake(state, event) if _watched(state) else _commit(state)


def _watched(state: State) -> bool:
    return state.kind is not None and state.kind.watched


def _bake(state: State, event: Event) -> Step:
    until = event.at + state.bake_seconds
    return state.change(phase=Phase.BAKING, bake_until=until), (Bake(state.goal, until),)


def _commit(state: State, _event: Event | None = None) -> Step:
    digest = state.goal.digest
    if state.kind is Kind.ROLLBACK and state.origin:
        state = state.change(quarantined=state.origin.digest)
    if state.kind and state.kind.back:
        state = state.change(trail=state.trail[: _last(state.trail, digest) + 1])
    elif state.kind is not Kind.HOTFIX:
        state = state.change(trail=(*state.trail, digest)[-TRAIL:])
    if state.kind is not Kind.HOTFIX:
        state = state.change(hotfixes=())
    if state.origin is None:
        return _idle(state)
    return state.change(phase=Phase.RETIRING), (Retire(state.origin, wait=_watched(state)),)


def _last(trail: tuple[str, ...], digest: str) -> int:
    return max((index for index, known in enumerate(trail) if known == digest), default=-1)


def _stumbled_before(state: State, event: Stumbled) -> Step:
    return _abort(state, event.reason, event.detail)


def _abort(state: State, reason: Reason, detail: str) -> Step:
    """Aborts before the switch: traffic stays where it is. A target that is live already is left alone."""
    state = state.change(verdict=reason, detail=detail)
    return _idle(state) if state.live == state.target else _discard(state)


def _discard(state: State) -> Step:
    live = state.live.digest if state.live else None
    unfit = (live, state.goal.digest, state.quarantined)
    standby = [digest for digest in state.trail if digest not in unfit]
    return state.change(phase=Phase.ABORTING), (Discard(state.goal, standby[-1] if standby else None),)


def _stumbled_baking(state: State, event: Stumbled) -> Step:
    """Switches back to the old slot. Without one, keeps the target: bad answers are better than none."""
    state = state.change(verdict=event.reason, detail=event.detail)
    if state.origin is None:
        return _idle(state)
    return state.change(phase=Phase.REVERTING, quarantined=state.goal.digest), (Switch(state.origin),)


def _reverted(state: State, _event: Event) -> Step:
    return _discard(state.change(live=state.origin))


def _stuck(state: State, event: Stumbled) -> Step:
    """Handles a failed switch back: the old slot is not ready, and traffic never goes to a slot that is not."""
    return _idle(state.change(detail=f"{state.detail}; and could not go back: {event.detail}"))


def _idle(state: State, _event: Event | None = None) -> Step:
    live = tuple(filter(None, [state.hotfix]))
    return state.change(phase=Phase.IDLE, kind=None, origin=None, target=None, hotfixes=live), ()


def _taken_over(state: State, event: Resumed | Superseded) -> Step:
    """Takes over from a dead process: aborts before the switch, finishes or undoes after it."""
    on_target = event.live is not None and event.live == state.target
    on_origin = event.live is not None and event.live == state.origin
    match state.phase:
        case Phase.IDLE:
            return state.change(live=event.live), ()
        case Phase.STAGING | Phase.PROBING:
            return _abort(state.change(live=event.live), Reason.PROCESS, LEFT)
        case Phase.SWITCHING if not on_target:
            return _abort(state.change(live=event.live), Reason.PROCESS, LEFT)
        case Phase.SWITCHING:
            state, commands = _switched(state, event)
            return _superseded(state) if isinstance(event, Superseded) else (state, commands)
        case Phase.BAKING if on_origin and isinstance(event, Superseded):
            undone = state.change(live=state.origin, quarantined=state.goal.digest)
            return _discard(undone.change(verdict=Reason.ROLLED_BACK, detail=UNDONE))
        case Phase.BAKING if on_origin:
            return _discard(state.change(live=state.origin, verdict=Reason.PROCESS, detail="traffic was sent back"))
        case Phase.BAKING if isinstance(event, Superseded):
            return _superseded(state)
        case Phase.REVERTING if on_origin:
            return _reverted(state, event)
    return state, (_under_way(state),)


def _superseded(state: State) -> Step:
    """A rollback during the bake fails the bake; after it, the release is committed and the rollback follows."""
    if state.phase is not Phase.BAKING:
        return state, (_under_way(state),)
    return _stumbled_baking(state, Stumbled(0, Reason.ROLLED_BACK, UNDONE))


def _under_way(state: State) -> Command:
    """Repeats the command of a phase; every command is safe to run twice."""
    match state.phase:
        case Phase.BAKING:
            return Bake(state.goal, state.bake_until)
        case Phase.REVERTING if state.origin:
            return Switch(state.origin)
        case Phase.RETIRING if state.origin:
            return Retire(state.origin, wait=False)
        case Phase.ABORTING:
            return _discard(state)[1][0]
    raise ValueError(f"nothing to resume while {state.phase}")


_HANDLERS: dict[tuple[Phase, type[Event]], Callable[[State, Any], Step]] = {
    (Phase.STAGING, Staged): _staged,
    (Phase.STAGING, Stumbled): _stumbled_before,
    (Phase.PROBING, Passed): _probed,
    (Phase.PROBING, Stumbled): _stumbled_before,
    (Phase.SWITCHING, Switched): _switched,
    (Phase.SWITCHING, Stumbled): _stumbled_before,
    (Phase.BAKING, Passed): _commit,
    (Phase.BAKING, Stumbled): _stumbled_baking,
    (Phase.REVERTING, Switched): _reverted,
    (Phase.REVERTING, Stumbled): _stuck,
    (Phase.RETIRING, Retired): _idle,
    (Phase.ABORTING, Discarded): _idle,
}
