"""The accounts of a pod, in a real database: what it counted is there once, whatever became of its row."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
from mooring.state.records import pods
from mooring.state.records.pods import FORGET_SECONDS, Pod
from mooring.targets.kubernetes import accounts
from mooring.targets.kubernetes.accounts import Accounts
from tests.postgres import Cluster

NONE = {"received": 0, "answered": 0, "failed": 0, "abandoned": 0, "in_flight": 0, "lost": 0}


@pytest.fixture
def ledger(cluster: Cluster, tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(Location(tmp_path, "shop", "env:STATE_URL"), {"STATE_URL": cluster.fresh()})
    yield opened
    opened.close()


def answered(ledger: Ledger) -> tuple[int, int]:
    """Requests answered by the slot, and how many rows say so."""
    rows = ledger.read(lambda statements: pods.of(statements, "shop"))
    found = pods.totals(rows, ledger.read(lambda statements: statements.now()))
    return found["blue"].counts["answered"], len(rows)


def test_what_is_counted_after_a_row_was_folded_is_added_to_what_was_in_it(ledger: Ledger, tmp_path: Path) -> None:
    counts = NONE | {"received": 7, "answered": 7}
    kept = Accounts(ledger, Pod("a-1", "shop", "blue", "sha256:1", "a", "a"), lambda: counts, tmp_path)
    kept._look()
    assert answered(ledger) == (7, 1)
    counts |= {"received": 9, "answered": 9}
    kept._look()
    assert answered(ledger) == (9, 1)
    ledger.write(lambda statements: statements("update pods set beat = beat - :age", age=FORGET_SECONDS + 1))
    ledger.write(lambda statements: pods.fold(statements, "shop"))  # it was cut off from the database for long
    counts |= {"received": 12, "answered": 12}
    kept._look()
    kept._look()
    assert answered(ledger) == (12, 2)
    assert kept.row.answered == 3
    asyncio.run(kept.end())
    assert answered(ledger) == (12, 2)


def test_a_pod_knows_how_many_serve_its_slot_with_it(ledger: Ledger, tmp_path: Path) -> None:
    kept = Accounts(ledger, Pod("a-1", "shop", "blue", "sha256:1", "a", "a"), lambda: NONE, tmp_path)
    assert kept.peers == 1
    others = [
        Pod("b-1", "shop", "blue", "sha256:1", "b", "b"),
        Pod("c-1", "shop", "green", "sha256:1", "c", "c"),
        Pod("d-1", "other", "blue", "sha256:1", "d", "d"),
    ]
    for row in others:
        ledger.write(lambda statements, row=row: pods.begin(statements, row))  # type: ignore[misc]
    kept._look()
    assert kept.peers == 2
    ledger.write(lambda statements: pods.beat(statements, others[0], ended=True))
    kept._looked = float("-inf")
    kept._look()
    assert kept.peers == 1


def test_a_pod_that_is_silent_for_long_does_not_count(ledger: Ledger, tmp_path: Path) -> None:
    kept = Accounts(ledger, Pod("a-1", "shop", "blue", "sha256:1", "a", "a"), lambda: NONE, tmp_path)
    ledger.write(lambda statements: pods.begin(statements, Pod("b-1", "shop", "blue", "sha256:1", "b", "b")))
    ledger.write(lambda statements: statements("update pods set beat = beat - :age", age=pods.GONE_SECONDS + 1))
    kept._look()
    assert kept.peers == 1


def test_nothing_is_written_while_nothing_changes(ledger: Ledger, tmp_path: Path) -> None:
    kept = Accounts(ledger, Pod("a-1", "shop", "blue", "sha256:1", "a", "a"), lambda: NONE, tmp_path)
    kept._look()
    [first] = ledger.read(lambda statements: pods.of(statements, "shop"))
    kept._look()
    [second] = ledger.read(lambda statements: pods.of(statements, "shop"))
    assert first == second


def test_rows_of_other_pods_are_none_of_ours(ledger: Ledger, tmp_path: Path) -> None:
    for name in ("a", "b"):
        row = Pod(f"{name}-1", "shop", "blue", "sha256:1", name, name, in_flight=1, received=1)
        ledger.write(lambda statements, row=row: pods.begin(statements, row))  # type: ignore[misc]
    accounts.settle_former(ledger, tmp_path, Pod("a-2", "shop", "blue", "sha256:1", "a", "a"))
    rows = {row.uid: row for row in ledger.read(lambda statements: pods.of(statements, "shop"))}
    assert (rows["a"].lost, rows["a"].ended is not None) == (1, True)
    assert (rows["b"].lost, rows["b"].ended) == (0, None)
