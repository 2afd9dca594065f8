"""Which request made a release live that served a run: one that failed before the switch did not."""

from typing import Any

import pytest

from mooring.errors import Failed
from mooring.operate.why import deployed
from mooring.rollout.ledger import Ledger
from mooring.state.runs.lookup import RunSeen
from tests.rollout.test_driver import Deploy, Make


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any) -> Deploy:
    return Deploy(target, ledger, clock)


def served(digest: str, at: float) -> RunSeen:
    return RunSeen("run_1", "support", digest, "blue", "done", at, at + 1, False, {})


def seq(ledger: Ledger, digest: str, at: float) -> int | None:
    told = deployed(ledger, served(digest, at))
    return told["seq"] if told else None


def test_it_is_the_one_that_switched(deploy: Deploy, release: Make, ledger: Ledger, target: Any, clock: Any) -> None:
    deploy(release(1))
    deploy(release(2))
    first = seq(ledger, release(2).digest, clock.now())
    assert first is not None
    deploy(release(3))
    deploy(release(1))
    target.broken.add(release(2).digest)
    with pytest.raises(Failed):
        deploy(release(2))
    assert ledger.last("local", "requested").seq > first, "it was asked for again"  # type: ignore[union-attr]
    assert seq(ledger, release(2).digest, clock.now() + 100) == first


def test_one_that_was_taken_back_served_meanwhile(
    deploy: Deploy, release: Make, ledger: Ledger, target: Any, clock: Any
) -> None:
    deploy(release(1))
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed):
        deploy(release(2))
    requested = ledger.last("local", "requested")
    assert requested is not None
    assert seq(ledger, release(2).digest, clock.now()) == requested.seq


def test_a_release_that_never_had_the_traffic_has_none(
    deploy: Deploy, release: Make, ledger: Ledger, target: Any, clock: Any
) -> None:
    deploy(release(1))
    target.broken.add(release(2).digest)
    with pytest.raises(Failed):
        deploy(release(2))
    assert seq(ledger, release(2).digest, clock.now() + 100) is None
    assert seq(ledger, release(1).digest, clock.now() + 100) == 1
