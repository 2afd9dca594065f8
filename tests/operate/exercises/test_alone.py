"""One copy of an environment in a cluster is drilled at a time."""

from pathlib import Path
from typing import Any, cast

import pytest

from mooring.errors import Refused
from mooring.operate.exercises.cluster import alone, cleared
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.spec import Environment
from mooring.state.place.location import Location


class Copy:
    """Counts how often it was removed."""

    removed = 0

    def remove(self) -> None:
        self.removed += 1


@pytest.fixture
def environment(content: ReleaseContent) -> Environment:
    return content.environment.model_copy(update={"name": "shop", "database": None})


def test_the_second_is_refused_and_told_who_drills(tmp_path: Path, environment: Environment) -> None:
    with alone(tmp_path, environment, "ann"):
        told = r"another live drill of shop runs: .* by ann \(drill, .*\) until"
        with pytest.raises(Refused, match=told) as refused, alone(tmp_path, environment, "bob"):
            pass
        assert (refused.value.reason, refused.value.fix) == (Reason.LOCKED, "wait until it has ended")
    with alone(tmp_path, environment, "bob"):
        pass


def test_it_is_in_no_deployments_way(tmp_path: Path, environment: Environment) -> None:
    with alone(tmp_path, environment, "ann"):
        ledger = Ledger(Location(tmp_path, "shop"))
        lease.release(ledger, lease.acquire(ledger, "shop", "bob", "deploy"))
        ledger.close()


@pytest.mark.parametrize(("lost", "removed"), [(False, 1), (True, 0)])
def test_one_that_another_has_taken_over_from_removes_nothing(
    tmp_path: Path, environment: Environment, lost: bool, removed: int
) -> None:
    copy = Copy()
    with alone(tmp_path, environment, "ann") as renewal:
        renewal.lost = lost
        cleared(cast(Any, copy), renewal)
    assert copy.removed == removed
