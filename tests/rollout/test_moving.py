"""An environment that moves to another target: what is live stays live where it was until the new target serves."""

from typing import Any

import pytest

from mooring.errors import Failed
from mooring.rollout import driver
from mooring.rollout.follow import elsewhere, follow
from mooring.rollout.state import Side


def moved(target: Any, ledger: Any, release: Any, clock: Any) -> Any:
    """A target where nothing is live yet, of an environment that is live on another one."""
    driver.deploy(target, ledger, driver.Request(release("one"), "ann"), print, clock)
    there = type(target)()
    there.machine = "elsewhere"
    there.releases[release("one").digest] = release("one")
    there.foreign.add(release("one").digest)
    return there


def test_the_first_deployment_waits_for_nothing_and_goes_back_to_nothing(
    target: Any, ledger: Any, release: Any, clock: Any
) -> None:
    there = moved(target, ledger, release, clock)
    assert elsewhere(there, ledger) == release("one").digest
    assert follow(there, ledger, print, clock) is None
    receipt = driver.deploy(there, ledger, driver.Request(release("two"), "ann"), print, clock)
    assert (receipt.previous, receipt.digest) == (release("one").digest, release("two").digest)
    assert ledger.state("local").live == there.facts().live
    assert elsewhere(there, ledger) is None


def test_one_that_fails_leaves_what_is_live_where_it_is(target: Any, ledger: Any, release: Any, clock: Any) -> None:
    there = moved(target, ledger, release, clock)
    there.broken.add(release("two").digest)
    with pytest.raises(Failed):
        driver.deploy(there, ledger, driver.Request(release("two"), "ann"), print, clock)
    live = ledger.state("local").live
    assert isinstance(live, Side)
    assert live.digest == release("one").digest
    assert there.facts().live is None
