"""Acts on what the machine asks for, and tells it what happened. Every transition is in the ledger first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout import lease as leases
from mooring.rollout import machine
from mooring.rollout.bake import ask_probes, bake
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.receipt import Receipt, account
from mooring.rollout.state import (
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
)
from mooring.rollout.target import Clock, Facts, Target, Wall

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec.environment import Rollout

Notify = Callable[[str], None]
Smoke = Callable[[Side, float], Sequence[str]]
"""Asks the release in a slot what it must be able to do, within some seconds; what fails, one line each."""

PAUSE = 0.05
"""Seconds between two looks at a slot that is starting or draining."""

WALL = Wall()

GIVE_UP = 3
"""Unwanted ends of a starting slot after which waiting for the deadline would teach nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """A release somebody wants live. `commit`, and the digests of `plan` and `evidence`, are recorded with it."""

    release: "Release"
    actor: str
    commit: str | None = None
    plan: str | None = None
    evidence: str | None = None
    smoke: Smoke | None = field(default=None, compare=False)


def deploy(target: Target, ledger: Ledger, request: Request, notify: Notify = print, clock: Clock = WALL) -> Receipt:
    """Bring a release live, through every gate it has not passed before; returns when the old side is at rest.

    Refused when it may not start (LOCKED, FROZEN, QUARANTINED); Failed when it was undone on the way.
    """
    with _Driver(target, ledger, request.actor, "deploy", notify, clock) as driver:
        driver.settle()
        target.put(request.release)
        environment = request.release.content.environment
        now = datetime.fromtimestamp(clock.now(), UTC)
        frozen = [freeze.reason for freeze in environment.rollout.freezes if freeze.start <= now < freeze.end]
        return driver.request(Kind.DEPLOY, request.release, request, frozen[0] if frozen else None)


def rollback(
    target: Target,
    ledger: Ledger,
    actor: str,
    notify: Notify = print,
    clock: Clock = WALL,
    to: str | None = None,
) -> Receipt:
    """Go back to the release that was committed before the live one, or to the digest `to`.

    Takes over from a deployment under way: one that is being watched is undone, which is then the rollback.
    Refused(NO_STANDBY) when there is nothing to go back to.
    """
    with _Driver(target, ledger, actor, "rollback", notify, clock) as driver:
        was = ledger.state(driver.environment)
        now = driver.settle(supersede=True)
        if was.phase is not Phase.IDLE and now.verdict is Reason.ROLLED_BACK and now.live == was.origin:
            return driver.receipt(Kind.ROLLBACK)
        return driver.request(Kind.ROLLBACK, target.release(machine.way_back(now, to)))


def recover(target: Target, ledger: Ledger, actor: str, notify: Notify = print, clock: Clock = WALL) -> State:
    """Finish or undo what a process left that ended on the way; the state it comes to."""
    with _Driver(target, ledger, actor, "recover", notify, clock) as driver:
        return driver.settle()


class _Driver:
    """One lease on one environment, from `with` to its end."""

    def __init__(self, target: Target, ledger: Ledger, actor: str, kind: str, notify: Notify, clock: Clock) -> None:
        self.target, self.ledger, self.actor = target, ledger, actor
        self.notify, self.clock = notify, clock
        self.environment = target.environment
        self.entry: Entry | None = None
        self.previous: str | None = None
        self.switch_ms: float | None = None
        self.smoke: Smoke | None = None
        self.started = clock.now()
        self.lease = leases.acquire(ledger, self.environment, actor, kind, self.started)
        self.renewal = leases.Renewal(ledger, self.lease, clock.now)

    def __enter__(self) -> Self:
        self.renewal.__enter__()
        try:
            self.target.fence(self.lease.token)
            self.before = self.target.facts()
        except BaseException:
            self.renewal.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.renewal.__exit__(None, None, None)

    # --- from state to state ---

    def settle(self, supersede: bool = False) -> State:
        """Bring to rest what another process left, and the ledger's idea of who is live to the truth."""
        state = self.ledger.state(self.environment)
        live = self.target.facts().live
        self.previous = live.digest if live else None
        if state.phase is Phase.IDLE and state.live == live:
            return state
        if state.phase is not Phase.IDLE:
            self.notify(f"taking over a rollout that was {state.phase}")
        kind = Superseded if supersede else Resumed
        return self.run(state, kind(self.clock.now(), live))

    def request(
        self, kind: Kind, release: "Release", request: Request | None = None, frozen: str | None = None
    ) -> Receipt:
        """Run a request to its end; the receipt, or Failed with what stopped it."""
        rollout, now = release.content.environment.rollout, self.clock.now()
        state = self.ledger.state(self.environment)
        event = Requested(
            now,
            kind,
            release.digest,
            commit=request.commit if request else None,
            plan=request.plan if request else None,
            evidence=request.evidence if request else None,
            warm=self.target.facts().warm(),
            frozen=frozen,
            deadline=now + rollout.deadline_seconds,
            bake_seconds=rollout.bake_seconds,
        )
        self.previous = state.live.digest if state.live else None
        self.smoke = request.smoke if request else None
        first, _commands = machine.step(state, event)
        state = self.run(state, event)
        if state.verdict is not None:
            raise Failed(state.verdict, state.detail, _fix(state, self.previous))
        return self.receipt(first.kind)

    def run(self, state: State, event: Event) -> State:
        """Step until nothing is under way: write, then act, then step with what came of it."""
        events = [event]
        while events:
            event = events.pop(0)
            state, commands = machine.step(state, event)
            self.entry = self.ledger.append(self.environment, self.lease.token, self.actor, event, state)
            events += [self.act(command, state) for command in commands]
        return state

    def act(self, command: Command, state: State) -> Event:
        """What came of a command. Only being fenced out ends the driver: its successor owns the rest."""
        try:
            try:
                return self._act(command, state)
            except Failed as failed:
                if failed.reason is not Reason.NOT_RUNNING:
                    raise
                self.notify(f"{failed}; starting it again")
                self.target.revive()
                return self._act(command, state)
        except Stopped as stopped:
            if stopped.reason is Reason.FENCED:
                raise
            return Stumbled(self.clock.now(), stopped.reason, str(stopped))

    def _act(self, command: Command, state: State) -> Event:
        match command:
            case Stage(target):
                self._stage(target, state)
                return Staged(self.clock.now())
            case Probe(target, questions):
                self._probe(target, state, questions)
                return Passed(self.clock.now())
            case Switch(to):
                return Switched(self.clock.now(), self._switch(to))
            case Bake(target, until):
                self.notify(f"watching {target.slot} for {max(0, until - self.clock.now()):.0f} s")
                self._bake(target, until)
                return Passed(self.clock.now())
            case Retire(side, wait):
                self._retire(side, wait)
                return Retired(self.clock.now())
            case Discard(target, instead):
                self._discard(target, instead)
                return Discarded(self.clock.now())
        raise ValueError(f"unknown command {command}")

    # --- commands ---

    def _stage(self, side: Side, state: State) -> None:
        self.notify(f"staging {_short(side.digest)} in {side.slot}")
        self.target.stage(side, self.lease.token)
        start = self.clock.now()
        while not (slot := self._facts().slots[side.slot]).ready or slot.digest != side.digest:
            why = "; ".join(slot.reasons) or "starting"
            if slot.restarts >= GIVE_UP:
                raise Failed(Reason.NOT_READY, f"{side.slot} ended {slot.restarts} times while starting: {why}")
            if self.clock.now() > state.deadline:
                waited = self.clock.now() - start
                raise Failed(Reason.DEADLINE, f"{side.slot} was not ready after {waited:.0f} s: {why}")
            self.clock.sleep(PAUSE)
        self.notify(f"{side.slot} is ready after {self.clock.now() - start:.1f} s")

    def _probe(self, side: Side, state: State, questions: bool) -> None:
        slot = self._facts().slots[side.slot]
        if not slot.ready or slot.digest != side.digest:
            raise Failed(Reason.NOT_READY, f"{side.slot} is not ready: {'; '.join(slot.reasons)}")
        if questions:
            rollout = self._rollout(side)
            ask_probes(self.target, side.slot, rollout, max(0.1, state.deadline - self.clock.now()))
            self.notify(f"{len(rollout.probes)} probes passed")
            self._smoke(side, max(0.1, state.deadline - self.clock.now()))

    def _smoke(self, side: Side, seconds: float) -> None:
        """Failed(PROBE_FAILED) with the first smoke case that does not hold."""
        if self.smoke is None:
            return
        wrong = self.smoke(side, seconds)
        for line in wrong:
            self.notify(f"smoke: {line}")
        if wrong:
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise Failed(Reason.PROBE_FAILED, f"smoke: {wrong[0]}{more}")
        self.notify(f"smoke suites passed in {side.slot}")

    def _bake(self, side: Side, until: float) -> None:
        """What fails while the smoke suites are asked counts too."""
        rollout, start = self._rollout(side), self._facts()
        self._smoke(side, rollout.deadline_seconds)
        self.notify(bake(self.target, side, rollout, start, until, self.clock))

    def _switch(self, to: Side) -> float:
        try:
            milliseconds = self.target.switch(to, self.lease.token)
        except Failed:
            # It may have happened although the answer was lost: only the target knows.
            if self._facts().live != to:
                raise
            milliseconds = 0.0
        self.switch_ms = milliseconds
        self.notify(f"switched to {to.slot} in {milliseconds:.2f} ms")
        return milliseconds

    def _retire(self, side: Side, wait: bool) -> None:
        end = self.clock.now() + (self._rollout(side).drain_seconds if wait else 0)
        while self._facts().slots[side.slot].in_flight and self.clock.now() < end:
            self.clock.sleep(PAUSE)

    def _discard(self, side: Side, instead: str | None) -> None:
        """Best effort: an abort has to end, and a slot that is not live does no harm."""
        try:
            self.target.discard(side, self.lease.token, instead)
        except Failed as failed:
            self.notify(f"{side.slot} was left as it is: {failed}")

    def _rollout(self, side: Side) -> "Rollout":
        return self.target.release(side.digest).content.environment.rollout

    def _facts(self) -> Facts:
        if self.renewal.lost:
            raise Refused(Reason.FENCED, f"another process took over {self.environment}")
        return self.target.facts()

    def receipt(self, kind: Kind | None) -> Receipt:
        """What this lease did."""
        after = self.target.facts()
        newest = self.entry or self.ledger.entries(1, self.environment)[0]
        live = State.read(newest.state).live
        if live is None:
            raise Failed(Reason.PROCESS, f"nothing is live in {self.environment}")
        return Receipt(
            self.environment,
            kind or "no-op",
            live.digest,
            self.previous,
            live.slot,
            **account(self.before, after),
            switch_ms=self.switch_ms,
            seconds=round(self.clock.now() - self.started, 3),
            seq=newest.seq,
            hash=newest.hash,
        )


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _fix(state: State, previous: str | None) -> str:
    if state.live is None:
        return "nothing is live yet"
    if state.live.digest == previous:
        return f"{_short(state.live.digest)} is live as before"
    return f"{_short(state.live.digest)} stays live: there was nothing to go back to"
