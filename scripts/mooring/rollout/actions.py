"""Carries out the state machine's commands on a target; each ends in exactly one event."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout.bake import ask_probes, bake
from mooring.rollout.burning import Burning
from mooring.rollout.control import Control
from mooring.rollout.objectives.window import Totals
from mooring.rollout.state import (
    Bake,
    Command,
    Discard,
    Discarded,
    Event,
    Passed,
    Probe,
    Retire,
    Retired,
    Side,
    Stage,
    Staged,
    State,
    Stumbled,
    Switch,
    Switched,
)
from mooring.rollout.target import Clock, Facts, Target

if TYPE_CHECKING:
    from mooring.spec.environment import Rollout

Notify = Callable[[str], None]
Smoke = Callable[[Side, float], Sequence[str]]
"""Runs the smoke suites against a slot within some seconds; returns one line per failure."""

PAUSE = 0.05
"""Seconds between two looks at a slot that is starting or draining."""

GIVE_UP = 3
"""Crashes of a starting slot after which waiting for the deadline is pointless."""


def short(digest: str) -> str:
    """A digest shortened for people."""
    return digest.removeprefix("sha256:")[:12]


@dataclass
class Actions:
    """Every command is safe to run twice. `switch_ms` is the duration of the last switch.

    `token` is shown to the target; `lost` says whether the lease was taken over. With `revives`, a part of the target
    that has died meanwhile is restarted.
    """

    target: Target
    token: int
    lost: Callable[[], bool]
    notify: Notify
    clock: Clock
    revives: bool = True
    switch_ms: float | None = None
    smoke: Smoke | None = None
    earlier: Totals | None = field(default=None, init=False)
    """What the slot that has the traffic had counted when the staging began; None where that is not known."""

    def act(self, command: Command, state: State) -> Event:
        """Runs a command and returns its event. Raises only when fenced out: the successor owns the rest."""
        try:
            return self._revived(command, state)
        except Stopped as stopped:
            if stopped.reason is Reason.FENCED:
                raise
            return Stumbled(self.clock.now(), stopped.reason, str(stopped))

    def _revived(self, command: Command, state: State) -> Event:
        try:
            return self._act(command, state)
        except Failed as failed:
            if failed.reason is not Reason.NOT_RUNNING or not self.revives:
                raise
            self.notify(f"{failed}; bringing it back")
            self.target.revive()
            return self._act(command, state)

    def _act(self, command: Command, state: State) -> Event:
        match command:
            case Stage(side):
                self._stage(side, state)
                return Staged(self.clock.now())
            case Probe(side, questions):
                self._probe(side, state, questions)
                return Passed(self.clock.now())
            case Switch(to):
                return Switched(self.clock.now(), self._switch(to))
            case Bake(side, until):
                said = self._bake(side, until)
                return Passed(self.clock.now(), said)
            case Retire(side, wait):
                self._retire(side, wait)
                return Retired(self.clock.now())
            case Discard(side, instead):
                self._discard(side, instead)
                return Discarded(self.clock.now())
        raise ValueError(f"unknown command {command}")

    def _stage(self, side: Side, state: State) -> None:
        self.notify(f"staging {short(side.digest)} in {side.slot}")
        if state.kind is not None and state.kind.watched:
            self._read_live(side)
        self.target.stage(side, self.token)
        start = self.clock.now()
        while not (slot := self._facts().slots[side.slot]).ready or slot.digest != side.digest:
            why = "; ".join(slot.reasons) or "starting"
            ends = max((worker.restarts for worker in slot.workers), default=slot.restarts)
            if ends >= GIVE_UP:
                raise Failed(Reason.NOT_READY, f"{side.slot} ended {ends} times while starting: {why}")
            if self.clock.now() > state.deadline:
                waited = self.clock.now() - start
                raise Failed(Reason.DEADLINE, f"{side.slot} was not ready after {waited:.0f} s: {why}")
            self.clock.sleep(PAUSE)
        self.notify(f"{side.slot} is ready after {self.clock.now() - start:.1f} s")

    def _read_live(self, side: Side) -> None:
        """So that the bake can tell what the release before suffered just before the switch."""
        live = self._facts().live
        if live is not None and self.target.release(side.digest).content.promised:
            with suppress(Stopped):
                self.earlier = self.target.totals(live.slot)

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
        """Raises Failed(PROBE_FAILED) with the first failing smoke case."""
        if self.smoke is None:
            return
        wrong = self.smoke(side, seconds)
        for line in wrong:
            self.notify(f"smoke: {line}")
        if wrong:
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise Failed(Reason.PROBE_FAILED, f"smoke: {wrong[0]}{more}")
        self.notify(f"smoke suites passed in {side.slot}")

    def _switch(self, to: Side) -> float:
        try:
            milliseconds = self.target.switch(to, self.token)
        except Failed:
            # It may have happened although the answer was lost: only the target knows.
            if self._facts().live != to:
                raise
            milliseconds = 0.0
        self.switch_ms = milliseconds
        self.notify(f"switched to {to.slot} in {milliseconds:.2f} ms")
        return milliseconds

    def _bake(self, side: Side, until: float) -> str:
        """What was seen. Requests that fail while the smoke suites run count too."""
        self.notify(f"watching {side.slot} for {max(0, until - self.clock.now()):.0f} s")
        rollout, start = self._rollout(side), self._facts()
        promised = self.target.release(side.digest).content.promised
        control = Control.of(self.target, side, self.clock, self.earlier) if promised else None
        burn = Burning(self.target, side.slot, promised, self.clock, control)
        self._smoke(side, rollout.deadline_seconds)
        said = bake(self.target, side, rollout, start, until, self.clock, burn)
        self.notify(said)
        return said

    def _retire(self, side: Side, wait: bool) -> None:
        end = self.clock.now() + (self._rollout(side).drain_seconds if wait else 0)
        while self._facts().slots[side.slot].in_flight and self.clock.now() < end:
            self.clock.sleep(PAUSE)
        with suppress(Failed):  # a standby that has more than it needs does no harm
            self.target.rest(side, self.token)

    def _discard(self, side: Side, instead: str | None) -> None:
        """Best effort: an abort must end, and a slot that is not live does no harm."""
        try:
            self.target.discard(side, self.token, instead)
        except Stopped as stopped:
            if stopped.reason is Reason.FENCED:
                raise
            self.notify(f"{side.slot} was left as it is: {stopped}")

    def _rollout(self, side: Side) -> "Rollout":
        return self.target.release(side.digest).content.environment.rollout

    def _facts(self) -> Facts:
        if self.lost():
            raise Refused(Reason.FENCED, f"another process took over {self.target.environment}")
        return self.target.facts()
