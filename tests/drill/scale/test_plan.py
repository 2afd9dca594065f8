"""What a rate needs grows with it, and with what a run costs."""

from itertools import pairwise
from typing import Any

import pytest

from mooring.drill.scale import limits
from mooring.drill.scale.assumptions import Assumptions, Quota
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.limits import Limit, one_server, sharding
from mooring.drill.scale.plan import Plan, plan
from tests.drill.scale.made_up import figures

RATES = (1, 100, 3_000, 10_000, 250_000, 1_000_000, 20_000_000)
GROWING = (
    "in_flight", "worker_load", "pods", "processes", "database_load", "shards", "replicas", "connections",
    "wal_megabytes", "statements_per_second",
)  # fmt: skip


def planned(rate: float, found: Figures | None = None, **given: Any) -> Plan:
    return plan(rate, found or figures(), Assumptions(**given))


@pytest.mark.parametrize("name", GROWING)
def test_nothing_shrinks_while_load_grows(name: str) -> None:
    needs = [getattr(planned(rate), name) for rate in RATES]
    assert all(less <= more for less, more in pairwise(needs)), needs
    assert needs[0] < needs[-1]


def test_costs_grow_with_load_and_fall_for_each_request() -> None:
    plans = [planned(rate) for rate in RATES]
    assert all(less.cost.total < more.cost.total for less, more in pairwise(plans))
    assert plans[0].dollars_per_thousand > plans[-1].dollars_per_thousand


def test_models_cost_what_their_documents_say() -> None:
    """2,500 tokens at $2 and 50 at $8 a million, 43,200 minutes a month."""
    assert planned(10).cost.models == pytest.approx(10 * 43_200 * 0.0054)


def test_pods_are_enough_for_the_work_as_busy_as_they_may_be() -> None:
    found = planned(60_000, figures(worker_seconds=0.06))
    assert found.worker_load / found.workers <= 0.6 < found.worker_load / (found.workers - 2 * 2)


def test_slow_runs_need_pods_for_the_requests_in_flight() -> None:
    cheap = figures(worker_seconds=0.0001)
    assert planned(600_000, cheap).pods == pytest.approx(planned(600_000, cheap).in_flight / 0.6 / 256, abs=1)


def test_a_busier_plan_needs_fewer_pods_and_a_longer_run_more() -> None:
    assert planned(1e6, busy=0.8).pods < planned(1e6).pods < planned(1e6, figures(worker_seconds=0.04)).pods


def test_runs_without_checkpoints_need_less_of_postgres() -> None:
    assert planned(1e6, mode="off").database_load < planned(1e6).database_load


def test_tables_are_partitioned_once_they_are_large_by_how_long_they_are_kept() -> None:
    small, large = planned(100).tables, planned(1e6).tables
    assert [table.partition for table in small] == ["", ""]
    assert [(table.name, table.partition, table.partitions) for table in large] == [
        ("parts", "day", 8),
        ("turns", "month", 4),
    ]
    assert large[0].rows_a_month == pytest.approx(1e6 * 43_200)
    assert large[0].gigabytes_kept == pytest.approx(1e6 * 43_200 * 2000 / 1e9 * 7 / 30)


def test_sharding_begins_where_a_second_server_is_planned() -> None:
    begins = sharding(figures(), Assumptions())
    assert planned(begins * 0.98).shards == 1
    assert planned(begins * 1.03).shards == 2


def test_a_pooler_is_needed_from_the_connections_that_one_server_has_not() -> None:
    assert not planned(10_000).pooler
    assert planned(1e6, database_cores=64).pooler


def ends(rate: float, found: Figures, **given: Any) -> list[Limit]:
    assumed = Assumptions(**given)
    return limits.limits(plan(rate, found, assumed), found, assumed)


@pytest.mark.parametrize(
    ("run", "given", "first"),
    [
        ({}, {"quota": Quota(requests=24_000)}, limits.REQUESTS),
        ({}, {"quota": Quota(requests=1e12, tokens=30e6)}, limits.TOKENS),
        ({}, {"quota": Quota(1e12, 1e12), "database_connections": 50}, limits.CONNECTIONS),
        ({"wal_bytes": 1_000_000}, {"quota": Quota(1e12, 1e12)}, limits.WAL),
        ({"database_seconds": 0.01}, {"quota": Quota(1e12, 1e12)}, limits.PROCESSOR),
    ],
)
def test_the_nearest_end_is_that_of_the_part_that_was_made_small(
    run: dict[str, Any], given: dict[str, Any], first: str
) -> None:
    found = [end for end in ends(10_000, figures(**run), **given) if end.grows]
    assert found[0].part == first
    assert [end.rate for end in found] == sorted(end.rate for end in found)


def test_a_quota_ends_at_the_rate_that_uses_it_up() -> None:
    (end,) = [end for end in ends(1000, figures(), quota=Quota(requests=3000)) if end.part == limits.REQUESTS]
    assert end.rate == pytest.approx(1500)
    assert end.times == pytest.approx(1.5)


def test_each_end_says_what_to_do_and_where_its_number_comes_from() -> None:
    for end in ends(1e6, figures()):
        assert end.remedy
        assert any(word in end.basis for word in ("measured", "assumed", "computed", "given")), end


def test_one_server_ends_where_its_own_numbers_say() -> None:
    found = one_server(figures(), Assumptions())
    assert found[limits.DELETION] == pytest.approx(3000 * 60)
    assert list(found.values()) == sorted(found.values())
