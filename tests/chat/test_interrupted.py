"""A change that was interrupted: what the ledger has of it is said, and nothing is made up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.chat.interrupted import known
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Phase, Requested, Side, State
from mooring.state.place.location import Location

GOOD, BAD = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(Location(tmp_path, "local"))
    yield opened
    opened.close()


def test_a_rollback_that_had_begun_is_named_with_how_far_it_is(ledger: Ledger) -> None:
    state = State(phase=Phase.STAGING, kind=Kind.ROLLBACK, origin=Side("green", BAD), target=Side("blue", GOOD))
    ledger.append("local", 1, "anna@slack", Requested(100.0, Kind.ROLLBACK, GOOD), state)
    ((label, said),) = known(ledger, "local", 99.0, "en")
    assert (label, said) == ("By the ledger", "local: rollback to aaaaaaaaaaaa by anna@slack: under way")


def test_where_nothing_began_that_is_said(ledger: Ledger) -> None:
    ledger.append("local", 1, "anna", Requested(100.0, Kind.ROLLBACK, GOOD), State(phase=Phase.STAGING))
    assert known(ledger, "local", 500.0, "en") == (("By the ledger", "no rollout has begun since then"),)
    assert known(ledger, "local", 500.0, "zh-CN") == (("台账记录", "此后没有开始任何发布或回滚"),)
