"""What pods counted: summed over those that live, that ended, that vanished and that were folded."""

import time
from dataclasses import replace
from typing import Any

import pytest

from mooring.state.link import Link
from mooring.state.place.address import Address
from mooring.state.records import pods
from mooring.state.records.pods import FORGET_SECONDS, GONE_SECONDS, KEEP_SECONDS, Pod


@pytest.fixture
def link(database_url: str) -> Link:
    return Link(Address(database_url))


def pod(name: str, slot: str = "blue", **counts: int) -> Pod:
    return Pod(f"{name}-1", "shop", slot, "sha256:1", name, name, "10.0.0.1:8423", **counts)


def rows(link: Link) -> list[Pod]:
    return link.read(lambda statements: pods.of(statements, "shop"))


def age(link: Link, row: Pod, seconds: float) -> None:
    link.write(
        lambda statements: statements(
            "update pods set beat = beat - :age, ended = ended - :age where id = :id", age=seconds, id=row.id
        )
    )


def counts(link: Link, said: Any = (), there: Any = None, later: float = 0) -> dict[str, int]:
    found = pods.totals(rows(link), time.time() + later, said, there)
    return {name: count for name, count in found["blue"].counts.items() if count}


def test_the_sum_of_a_slot_is_over_living_and_ended_pods(link: Link) -> None:
    first, second = pod("a", received=5, answered=4, in_flight=1), pod("b", received=3, answered=2, failed=1)
    for each in (first, second):
        link.write(lambda statements, each=each: pods.begin(statements, each))  # type: ignore[misc]
    assert counts(link) == {"received": 8, "answered": 6, "failed": 1, "in_flight": 1}
    assert link.write(lambda statements: pods.beat(statements, second.counting({"received": 4, "answered": 4}), True))
    assert counts(link) == {"received": 9, "answered": 8, "in_flight": 1}
    assert [row.ended is None for row in rows(link)] == [True, False]


def test_what_a_pod_had_in_flight_that_vanished_is_lost_once_it_is_silent_or_known_to_be_gone(link: Link) -> None:
    link.write(lambda statements: pods.begin(statements, pod("a", received=5, answered=3, in_flight=2)))
    assert counts(link)["in_flight"] == 2
    lost = {"received": 5, "answered": 3, "lost": 2}
    assert counts(link, later=GONE_SECONDS + 5) == lost
    assert counts(link, there=[]) == lost
    assert counts(link, there=["a"], later=GONE_SECONDS + 5) == {"received": 5, "answered": 3, "in_flight": 2}


def test_what_a_pod_says_itself_is_newer_than_its_row(link: Link) -> None:
    link.write(lambda statements: pods.begin(statements, pod("a", received=5, answered=5)))
    said = [{"row": "a-1", "slot": "blue", "counts": {"received": 9, "answered": 8, "in_flight": 1}}]
    assert counts(link, said) == {"received": 9, "answered": 8, "in_flight": 1}
    unknown = [{"row": "b-1", "slot": "blue", "counts": {"received": 2, "answered": 2, "in_flight": 0}}]
    assert counts(link, unknown) == {"received": 7, "answered": 7}
    assert counts(link, [{"row": None, "slot": "blue", "counts": {}}]) == {"received": 5, "answered": 5}


def test_an_earlier_container_of_a_living_pod_has_lost_what_it_had(link: Link) -> None:
    former = replace(pod("a", received=2, in_flight=2), began=1.0)
    link.write(lambda statements: pods.begin(statements, former))
    later = replace(pod("a", received=1, answered=1), id="a-2", began=2.0)
    link.write(lambda statements: pods.begin(statements, later))
    assert counts(link, there=["a"]) == {"received": 3, "answered": 1, "lost": 2}


def test_rows_of_pods_that_are_gone_for_long_are_folded_and_no_sum_changes(link: Link) -> None:
    old = [pod(f"old-{number}", received=2, answered=1, in_flight=1) for number in range(20)]
    for each in old:
        link.write(lambda statements, each=each: pods.begin(statements, each))  # type: ignore[misc]
    for each in old[:10]:
        link.write(lambda statements, each=each: pods.beat(statements, each, True))  # type: ignore[misc]
        age(link, each, KEEP_SECONDS + 1)
    for each in old[10:]:
        age(link, each, FORGET_SECONDS + 1)
    link.write(lambda statements: pods.begin(statements, pod("new", received=1, answered=1)))
    before = counts(link)
    assert before == {"received": 41, "answered": 21, "lost": 20}
    assert link.write(lambda statements: pods.fold(statements, "shop")) == 20
    assert len(rows(link)) == 2
    assert counts(link) == before
    link.write(lambda statements: pods.beat(statements, pod("new", received=1, answered=1), True))
    age(link, pod("new"), KEEP_SECONDS + 1)
    assert link.write(lambda statements: pods.fold(statements, "shop")) == 1
    assert (len(rows(link)), counts(link)) == (1, before)
    assert link.write(lambda statements: pods.fold(statements, "shop")) == 0


def test_a_pod_whose_row_was_folded_is_told_so(link: Link) -> None:
    link.write(lambda statements: pods.begin(statements, pod("a", received=1)))
    age(link, pod("a"), FORGET_SECONDS + 1)
    link.write(lambda statements: pods.fold(statements, "shop"))
    assert link.write(lambda statements: pods.beat(statements, pod("a", received=2))) is False
