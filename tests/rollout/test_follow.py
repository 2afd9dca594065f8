"""Machines that share a ledger agree on what is live, each in whichever slot it has there."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver, machine
from mooring.rollout.follow import caught_up, follow
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Passed, Phase, Requested, Resumed, Side, Staged, State, Superseded, Switched
from tests.rollout.conftest import Memory

Make = Callable[..., Release]


class Fleet:
    """Two targets, `a` and `b`, that have the same releases and the same ledger."""

    def __init__(self, ledger: Ledger, clock: Any) -> None:
        self.ledger, self.clock, self.said = ledger, clock, [""]
        self.a, self.b = Memory(machine="a"), Memory(machine="b")
        self.b.releases = self.a.releases

    def deploy(self, target: Memory, release: Release) -> Any:
        return driver.deploy(target, self.ledger, driver.Request(release, "ann"), self.said.append, self.clock)

    def back(self, target: Memory) -> Any:
        return driver.rollback(target, self.ledger, "bob", self.said.append, self.clock)

    def recover(self, target: Memory) -> State:
        return driver.recover(target, self.ledger, "supervisor", self.said.append, self.clock)

    def follow(self, target: Memory) -> Side | None:
        return follow(target, self.ledger, self.said.append, self.clock)

    def leave(self, *events: Any) -> None:
        """What a process of `a` wrote before it died."""
        state = self.ledger.state("local")
        for event in events:
            state, _commands = machine.step(state, event)
            self.ledger.append("local", self.a.token, "ann", event, state, "a")

    def live(self) -> list[str | None]:
        facts = (target.facts().live for target in (self.a, self.b))
        return [side.digest if side else None for side in facts]


@pytest.fixture
def fleet(ledger: Ledger, clock: Any) -> Fleet:
    return Fleet(ledger, clock)


def test_following_writes_nothing_and_needs_no_lease(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    entries = fleet.ledger.verify()
    assert fleet.follow(fleet.b) == Side("blue", release(1).digest)
    assert fleet.follow(fleet.b) is None
    assert (fleet.ledger.verify(), fleet.live()) == (entries, [release(1).digest] * 2)
    assert fleet.b.asked > 0


def test_each_machine_deploys_although_its_slots_have_other_colours(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.deploy(fleet.a, release(2))
    fleet.follow(fleet.b)
    assert (fleet.a.live, fleet.b.live) == ("green", "blue")
    receipt = fleet.deploy(fleet.b, release(3))
    assert (receipt.slot, receipt.previous) == ("green", release(2).digest)
    assert fleet.follow(fleet.a) == Side("blue", release(3).digest)
    assert fleet.back(fleet.a).digest == release(2).digest
    assert fleet.follow(fleet.b) == Side("blue", release(2).digest)
    assert fleet.ledger.state("local").quarantined == release(3).digest
    assert "resumed" not in [entry.event["event"] for entry in fleet.ledger.entries(100)]


def test_a_release_that_does_not_start_here_leaves_what_is_live(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.follow(fleet.b)
    fleet.b.broken.add(release(2).digest)
    fleet.deploy(fleet.a, release(2))
    with pytest.raises(Failed) as failed:
        fleet.follow(fleet.b)
    assert failed.value.reason is Reason.DEADLINE
    assert fleet.live() == [release(2).digest, release(1).digest]


def test_a_rollout_that_begins_here_fences_following_out(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    before = fleet.b.token
    stage = fleet.b.stage

    def begun(side: Side, token: int) -> None:
        stage(side, token)
        fleet.b.token = before + 10

    fleet.b.stage = begun  # type: ignore[method-assign]
    with pytest.raises(Refused) as refused:
        fleet.follow(fleet.b)
    assert refused.value.reason is Reason.FENCED
    assert fleet.live()[1] is None


def test_a_deployment_waits_until_its_machine_has_what_is_live(fleet: Fleet, release: Make, clock: Any) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.deploy(fleet.a, release(2))
    clock.meanwhile = lambda: fleet.follow(fleet.b)
    receipt = fleet.deploy(fleet.b, release(3))
    assert receipt.previous == release(2).digest
    assert any("waiting until this machine has" in line for line in fleet.said)


def test_a_machine_that_cannot_follow_changes_nothing(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    entries = fleet.ledger.verify()
    for change in (lambda: fleet.deploy(fleet.b, release(2)), lambda: fleet.back(fleet.b)):
        with pytest.raises(Refused, match="this machine cannot follow") as refused:
            change()
        assert refused.value.reason is Reason.STALE
    assert fleet.ledger.verify() == entries


def test_the_machine_of_the_last_entry_waits_for_nobody(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.a.live = None
    caught_up(fleet.a, fleet.ledger, fleet.said.append, fleet.clock)
    fleet.deploy(fleet.a, release(2))
    assert fleet.live()[0] == release(2).digest


def begun(release: Release, deadline: float = 2_000_000) -> list[Any]:
    return [Requested(1, Kind.DEPLOY, release.digest, deadline=deadline, bake_seconds=60)]


@pytest.mark.parametrize("steps", range(1, 5))
def test_what_a_lost_machine_left_at_any_step_is_undone_by_another_one(fleet: Fleet, release: Make, steps: int) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.deploy(fleet.a, release(2))
    fleet.follow(fleet.b)
    new = release(3)
    fleet.leave(*[*begun(new), Staged(2), Passed(3), Switched(4)][:steps])
    state = fleet.recover(fleet.b)
    assert (state.phase, state.live and state.live.digest) == (Phase.IDLE, release(2).digest)
    assert (state.verdict, state.quarantined) == (Reason.PROCESS, None)
    assert fleet.live()[1] == release(2).digest
    fleet.a.slots["blue"] = fleet.a.slots["green"]
    assert fleet.deploy(fleet.b, new).previous == release(2).digest


def test_what_a_lost_machine_left_is_undone_by_one_that_was_behind(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.follow(fleet.b)
    fleet.deploy(fleet.a, release(2))
    fleet.leave(*begun(release(3)), Staged(2))
    state = fleet.recover(fleet.b)
    assert state.live
    assert state.live.digest == release(2).digest
    assert fleet.follow(fleet.b) == Side("green", release(2).digest)


def test_a_rollback_here_takes_back_what_another_machine_is_watching(fleet: Fleet, release: Make) -> None:
    fleet.deploy(fleet.a, release(1))
    fleet.deploy(fleet.a, release(2))
    fleet.follow(fleet.b)
    fleet.leave(*begun(release(3)), Staged(2), Passed(3), Switched(4))
    receipt = fleet.back(fleet.b)
    state = fleet.ledger.state("local")
    assert (receipt.kind, receipt.digest) == ("rollback", release(2).digest)
    assert (state.quarantined, state.trail[-1]) == (release(3).digest, release(2).digest)


BLUE, GREEN = Side("blue", "old"), Side("green", "new")


@pytest.mark.parametrize("event", [Resumed, Superseded])
def test_a_watched_release_without_traffic_is_taken_back_and_quarantined_by_a_rollback_alone(event: Any) -> None:
    baking = State(Phase.BAKING, Kind.DEPLOY, GREEN, BLUE, GREEN)
    state, _ = machine.step(baking, event(1, BLUE))
    assert state.live == BLUE
    assert state.quarantined == ("new" if event is Superseded else None)
    assert state.verdict == (Reason.ROLLED_BACK if event is Superseded else Reason.PROCESS)


@pytest.mark.parametrize(
    ("live", "sides"),
    [
        (BLUE, ("blue", "green")),
        (GREEN, ("blue", "green")),
        (Side("green", "old"), ("green", "blue")),
        (Side("blue", "new"), ("green", "blue")),
        (Side("green", "older"), ("green", "blue")),
        (Side("blue", "older"), ("blue", "green")),
        (None, ("blue", "green")),
    ],
)
def test_slots_are_named_as_on_the_machine_that_looks(live: Side | None, sides: tuple[str, str]) -> None:
    state = State(Phase.STAGING, Kind.DEPLOY, BLUE, BLUE, GREEN).seen_from(live)
    assert (state.live, state.origin, state.target) == (
        Side(sides[0], "old"), Side(sides[0], "old"), Side(sides[1], "new"),
    )  # fmt: skip
