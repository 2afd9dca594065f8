"""Rollouts in a small world in which anything may die at any moment: what holds on every path."""

from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.machine import step, way_back
from mooring.rollout.state import (
    SLOTS,
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

DIGESTS = st.sampled_from("abc")


class World(RuleBasedStateMachine):
    """The state is what the ledger has; `pending` is what a living process has under way."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.state = State()
        self.pending: tuple[Command, ...] = ()
        self.holds: dict[str, str | None] = dict.fromkeys(SLOTS)
        self.ready = dict.fromkeys(SLOTS, False)
        self.live: str | None = None
        self.probed: Side | None = None

    # --- what people and processes do ---

    def happen(self, event: Event) -> None:
        before, served = self.state, self.live
        self.state, self.pending = step(self.state, event)
        assert len(self.pending) == (0 if self.state.phase is Phase.IDLE else 1), "one thing at a time"
        if self.state.phase in (Phase.STAGING, Phase.PROBING) and before.phase is Phase.IDLE:
            deploying = self.state.kind is not Kind.ROLLBACK
            assert not (deploying and self.state.goal.digest == before.quarantined), "quarantine holds"
        assert self.live == served, "deciding moves no traffic"

    def truth(self) -> Side | None:
        digest = self.holds[self.live] if self.live else None
        return Side(self.live, digest) if self.live and digest else None

    def warm(self) -> Side | None:
        slot = other(self.live) if self.live else "blue"
        digest = self.holds[slot]
        return Side(slot, digest) if digest and self.ready[slot] else None

    @precondition(lambda self: self.state.phase is Phase.IDLE)
    @rule(digest=DIGESTS, time=st.sampled_from((5, 500)))
    def deploy(self, digest: str, time: int) -> None:
        event = Requested(self.now, Kind.DEPLOY, digest, warm=self.warm(), deadline=self.now + time, bake_seconds=1)
        if digest != self.state.quarantined:
            self.happen(event)
            return
        with pytest.raises(Refused):
            self.happen(event)

    @precondition(lambda self: self.state.phase is Phase.IDLE)
    @rule()
    def roll_back(self) -> None:
        try:
            digest = way_back(self.state)
        except Refused:
            return
        self.happen(Requested(self.now, Kind.ROLLBACK, digest, warm=self.warm(), deadline=self.now + 500))

    @precondition(lambda self: self.state.phase is not Phase.IDLE)
    @rule()
    def take_over_for_a_rollback(self) -> None:
        self.happen(Superseded(self.now, self.truth()))

    @precondition(lambda self: self.pending)
    @rule()
    def the_process_dies(self) -> None:
        self.pending = ()

    @precondition(lambda self: self.pending)
    @rule()
    def the_process_dies_after_acting(self) -> None:
        self.act(self.pending[0])
        self.pending = ()

    @precondition(lambda self: not self.pending and self.state.phase is not Phase.IDLE)
    @rule()
    def recover(self) -> None:
        self.happen(Resumed(self.now, self.truth()))

    @precondition(lambda self: self.pending)
    @rule(time=st.sampled_from((0, 1, 10)))
    def it_works(self, time: int) -> None:
        self.now += time
        self.happen(self.act(self.pending[0]))

    @precondition(lambda self: self.pending)
    @rule()
    def all_works_as_far_as_the_bake(self) -> None:
        while self.pending and self.state.phase is not Phase.BAKING:
            self.happen(self.act(self.pending[0]))

    @precondition(lambda self: self.pending and not isinstance(self.pending[0], Retire | Discard))
    @rule()
    def it_fails(self) -> None:
        self.happen(Stumbled(self.now, Reason.PROCESS, "failed"))

    @rule(slot=st.sampled_from(SLOTS), alive=st.booleans())
    def a_slot_dies_or_is_started_again(self, slot: str, alive: bool) -> None:
        self.ready[slot] = alive and self.holds[slot] is not None

    # --- what the target does ---

    def act(self, command: Command) -> Event:
        match command:
            case Stage(side):
                assert side.slot != self.live, "a live slot is never replaced"
                self.holds[side.slot], self.ready[side.slot], self.probed = side.digest, True, None
                return Staged(self.now)
            case Probe(side, _):
                good = self.ready[side.slot] and self.holds[side.slot] == side.digest
                self.probed = side if good else None
                return Passed(self.now) if good else Stumbled(self.now, Reason.NOT_READY, "not ready")
            case Switch(to):
                reverting = self.state.phase is Phase.REVERTING
                assert reverting or self.probed == to, "no traffic without a probe"
                if not self.ready[to.slot] or self.holds[to.slot] != to.digest:
                    return Stumbled(self.now, Reason.NOT_READY, "not ready")
                self.live = to.slot
                return Switched(self.now)
            case Bake(side, _):
                assert side.slot == self.live
                return Passed(self.now) if self.ready[side.slot] else Stumbled(self.now, Reason.BAKE_FAILED, "died")
            case Retire(side, _):
                assert side.slot != self.live
                return Retired(self.now)
            case Discard(side, instead):
                assert side.slot != self.live, "a live slot is never emptied"
                self.holds[side.slot], self.ready[side.slot] = instead, instead is not None
                return Discarded(self.now)
        raise AssertionError(command)

    # --- what always holds ---

    @invariant()
    def once_served_always_served(self) -> None:
        if self.state.live is not None:
            assert self.live is not None
            assert self.holds[self.live] is not None

    @invariant()
    def at_rest_the_ledger_knows_who_serves(self) -> None:
        if self.state.phase is Phase.IDLE:
            assert self.state.live == self.truth()

    @invariant()
    def what_is_quarantined_is_no_way_back(self) -> None:
        with suppress(Refused):
            assert way_back(self.state) != self.state.quarantined

    def teardown(self) -> None:
        """From anywhere, a living process comes to rest in a few steps."""
        for _ in range(8):
            if self.state.phase is Phase.IDLE:
                return
            self.happen(self.act(self.pending[0]) if self.pending else Resumed(self.now, self.truth()))
        raise AssertionError(f"never comes to rest: {self.state}")


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
