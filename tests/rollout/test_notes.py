"""Notes in the ledger: beside the transitions, and in nobody's way."""

from collections.abc import Callable
from typing import Any

from mooring.release.release import Release
from mooring.rollout import driver, lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.notes import HEALED, SEEN, Noted, note, notes

Make = Callable[..., Release]


def deploy(target: Any, ledger: Ledger, clock: Any, release: Release) -> None:
    driver.deploy(target, ledger, driver.Request(release, "ann"), lambda _: None, clock)


def test_a_note_changes_nothing_of_what_is_live(target: Any, ledger: Ledger, clock: Any, release: Make) -> None:
    deploy(target, ledger, clock, release(1))
    before, machine = ledger.state("local"), ledger.entries(1)[0].machine
    assert note(ledger, "local", "ann", Noted(5.0, SEEN, ("a", "b")))
    assert note(ledger, "local", "ann", Noted(6.0, HEALED, ("a",)))
    assert (ledger.state("local"), ledger.entries(1)[0].machine) == (before, machine)
    assert notes(ledger.entries(9), SEEN) == [(5.0, frozenset({"a", "b"}))]
    assert notes(ledger.entries(9), HEALED) == [(6.0, frozenset({"a"}))]
    assert ledger.verify() > 2
    deploy(target, ledger, clock, release(2))


def test_under_a_deployment_nothing_is_noted(ledger: Ledger) -> None:
    lease.acquire(ledger, "local", "ann", "deploy")
    assert note(ledger, "local", "bob", Noted(5.0, SEEN, ("a",))) is False
    assert ledger.entries(1) == []


def test_a_deployment_waits_for_a_note(target: Any, ledger: Ledger, clock: Any, release: Make) -> None:
    held = lease.acquire(ledger, "local", "ann", "note")
    waited: list[bool] = []

    def give_back() -> None:
        waited.append(lease.release(ledger, held))

    clock.meanwhile = give_back
    deploy(target, ledger, clock, release(1))
    assert waited
    live = ledger.state("local").live
    assert live is not None
    assert live.digest == release(1).digest
