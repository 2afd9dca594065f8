"""A part of a run is one process's; who lost it cannot write to it, on either database."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mooring.state.runs import checkpoints, executors, parts, queue
from mooring.state.runs.checkpoints import GONE, TAKEN, Change, Try
from mooring.state.runs.parts import Part
from mooring.state.runs.queue import Room
from mooring.state.runs.runs import StoredRun
from mooring.state.transactions import Transactions

RELEASE = "sha256:0"
MOST = 3
PLENTY = Room(9, 9)


def asked(run: str, part: int = 0) -> dict[str, Any]:
    return {"run": run, "part": part, "tenant": "bank", "agent": "support", "release": RELEASE, "created": 1.0}


def begun(run: str, **more: Any) -> Change:
    return Change(run, 0, 0, asked(run), **more)


def ended(run: str, status: str = "done") -> StoredRun:
    return StoredRun(run, "support", RELEASE, "blue", status, 1.0, time.time(), {"answer": "\ud83d\0"}, b"[]")


class Process:
    """What one process does with the database."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.transactions = name, Transactions(url)

    def write(self, *changes: Change, tries: tuple[Try, ...] = ()) -> dict[parts.Key, str]:
        return self.transactions.write(lambda c: checkpoints.write(c, self.name, "blue", changes, tries))

    def abandon(self, name: str) -> tuple[list[Part], list[Part]]:
        return self.transactions.write(lambda c: queue.abandon(c, name, MOST))

    def take(self, room: Room = PLENTY) -> list[tuple[Part, dict[str, Any]]]:
        return self.transactions.write(lambda c: queue.take(c, self.name, "green", [RELEASE], room))

    def last(self, run: str) -> Part:
        found = self.transactions.read(lambda c: parts.last(c, run))
        assert found
        return found

    def steps(self, run: str) -> list[str]:
        part = self.last(run)
        return list(self.transactions.read(lambda c: parts.steps(c, part)))


@pytest.fixture
def processes(database_url: str) -> Iterator[list[Process]]:
    made = [Process(f"p{number}", database_url) for number in range(4)]
    yield made
    for process in made:
        process.transactions.close()


def test_a_process_that_lost_a_part_cannot_write_to_it(processes: list[Process]) -> None:
    one, other = processes[:2]
    assert one.write(begun("run_1", steps=[("model:1", 1)])) == {}
    one.abandon("p0")
    [(part, recorded)] = other.take()
    assert (part.run, part.adopted, recorded) == ("run_1", 1, {"model:1": 1})
    late = Change("run_1", 0, 0, first=1, steps=[("model:2", "late")])
    assert one.write(late, begun("run_2")) == {("run_1", 0): TAKEN}
    assert one.write(Change("run_1", 0, 0, first=1, ended=ended("run_1"))) == {("run_1", 0): TAKEN}
    assert (other.last("run_1").status, other.steps("run_1")) == ("running", ["model:1"])
    assert other.last("run_2").status == "running"
    assert other.write(Change("run_1", 0, 1, first=1, steps=[("model:2", "right")])) == {}
    assert other.write(Change("run_1", 0, 1, first=2, ended=ended("run_1"))) == {}
    assert (other.last("run_1").status, other.steps("run_1")) == ("done", [])


def test_a_process_that_has_a_part_again_cannot_write_as_it_did_before(processes: list[Process]) -> None:
    one, other = processes[:2]
    one.write(begun("run_1"))
    one.abandon("p0")
    other.take()
    one.abandon("p1")
    [(part, _)] = one.take()
    assert part.adopted == 2
    assert one.write(Change("run_1", 0, 0, steps=[("model:1", "of before")])) == {("run_1", 0): TAKEN}
    assert one.write(Change("run_1", 0, 2, steps=[("model:1", "of now")])) == {}


def test_a_part_begins_once(processes: list[Process]) -> None:
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda process: process.write(begun("run_1")), processes))
    assert sorted(map(len, told)) == [0, 1, 1, 1]


def test_what_is_written_again_after_a_commit_whose_answer_was_lost_is_there_once(processes: list[Process]) -> None:
    one = processes[0]
    for _ in range(2):
        assert one.write(begun("run_1", steps=[("model:1", 1), ("tool:1", 2)])) == {}
    assert one.steps("run_1") == ["model:1", "tool:1"]
    for _ in range(2):
        assert one.write(Change("run_1", 0, 0, first=2, ended=ended("run_1"))) == {}
    found = one.last("run_1")
    assert (found.status, found.request, found.messages) == ("done", "", b"[]")


def test_a_part_whose_row_is_gone_is_said_so(processes: list[Process]) -> None:
    assert processes[0].write(Change("run_1", 0, 0, steps=[("model:1", 1)])) == {("run_1", 0): GONE}


def test_a_run_that_began_and_ended_meanwhile_is_written_without_its_steps(processes: list[Process]) -> None:
    one = processes[0]
    assert one.write(begun("run_1", steps=[("model:1", 1)], ended=ended("run_1", "awaiting-approval"))) == {}
    assert (one.last("run_1").status, one.steps("run_1")) == ("awaiting-approval", [])


def test_of_many_processes_that_adopt_and_take_at_once_each_run_goes_to_one(processes: list[Process]) -> None:
    dead = Process("dead", "")
    dead.transactions = processes[0].transactions
    dead.write(*(begun(f"run_{number}") for number in range(40)))

    def adopt(process: Process) -> list[str]:
        process.abandon("dead")
        return [part.run for _ in range(12) for part, _ in process.take(Room(3, 3))]

    with ThreadPoolExecutor(4) as pool:
        taken = [run for runs in pool.map(adopt, processes) for run in runs]
    assert sorted(taken) == sorted(f"run_{number}" for number in range(40))
    assert {processes[0].last(run).adopted for run in taken} == {1}


def test_runs_that_may_kill_their_process_are_taken_one_at_a_time_and_given_up_in_the_end(
    processes: list[Process],
) -> None:
    one = processes[0]
    one.write(begun("run_1"), begun("run_2"))
    one.abandon("p0")
    assert len(one.take()) == 2
    one.abandon("p0")
    with ThreadPoolExecutor(4) as pool:
        taken = [part for taken in pool.map(Process.take, processes) for part, _ in taken]
    assert len(taken) == 1
    assert all(process.take() == [] for process in processes)
    [suspect] = taken
    one.abandon(str(one.last(suspect.run).executor))
    [(innocent, _)] = one.take()
    assert innocent.run != suspect.run
    one.write(Change(innocent.run, 0, 2, ended=ended(innocent.run)))
    [(again, _)] = one.take()
    assert (again.run, again.adopted) == (suspect.run, MOST)
    free, given_up = one.abandon("p0")
    assert (free, [part.run for part in given_up]) == ([], [suspect.run])


def test_a_run_that_is_handed_over_in_order_is_never_given_up_for_that_and_only_its_new_process_writes_to_it(
    processes: list[Process],
) -> None:
    """A run that waits for days outlives many deployments, each of which hands it over."""
    one = processes[0]
    one.write(begun("run_1"))
    for times in range(2 * MOST):
        late = Change("run_1", 0, times, steps=[("model:1", "late")])
        one.transactions.write(lambda c: queue.hand_over(c, "p0"))
        assert one.write(late) == {("run_1", 0): TAKEN}
        [(part, _)] = one.take(Room(9, 0))
        assert (part.adopted, part.deaths) == (times + 1, 0)
        assert one.write(late) == {("run_1", 0): TAKEN}
    for deaths in range(MOST):
        free, given_up = one.abandon("p0")
        assert ([part.deaths for part in free], given_up) == ([deaths], [])
        one.take()
    assert [part.run for part in one.abandon("p0")[1]] == ["run_1"]


def test_a_try_is_taken_when_it_is_due_and_no_more_than_there_is_room_for(processes: list[Process]) -> None:
    one, other = processes[:2]
    one.write(tries=(Try(asked("ticket_1"), 0.0), Try(asked("ticket_2"), 0.0), Try(asked("ticket_3"), 60.0)))
    one.write(tries=(Try(asked("ticket_1"), 9.0),))
    assert one.transactions.read(queue.due) == [RELEASE]
    assert other.take(Room(9, 0)) == []
    assert len(other.take(Room(0, 1))) == 1
    assert len(other.take(Room(0, 9))) == 1
    assert other.transactions.read(parts.open_tries) == 3
    assert other.take() == []


def test_a_part_is_ended_by_another_process_once(processes: list[Process]) -> None:
    one, other = processes[:2]
    one.write(begun("run_1", steps=[("model:1", 1)]))
    part = other.last("run_1")
    assert other.transactions.write(lambda c: parts.close(c, part, {"error": "x"}, 2.0))
    assert not other.transactions.write(lambda c: parts.close(c, part, {"error": "y"}, 2.0))
    assert one.write(Change("run_1", 0, 0, first=1, steps=[("model:2", 2)])) == {("run_1", 0): TAKEN}
    assert (one.last("run_1").status, one.last("run_1").data) == ("failed", '{"error": "x"}')


@pytest.mark.slow
def test_a_lease_ends_by_the_clock_of_the_database(processes: list[Process]) -> None:
    one, other = processes[:2]
    one.write(begun("run_1"))
    assert one.transactions.read(executors.lapsed) == {"p0"}
    one.transactions.write(lambda c: executors.renew(c, "p0", "here", 0.4))
    assert other.transactions.read(executors.lapsed) == set()
    assert other.transactions.read(lambda c: executors.elsewhere(c, "there"))
    assert not other.transactions.read(lambda c: executors.elsewhere(c, "here"))
    time.sleep(0.5)
    assert other.transactions.read(executors.lapsed) == {"p0"}
    assert not other.transactions.read(lambda c: executors.elsewhere(c, "there"))


def test_old_parts_are_forgotten_and_those_under_way_are_not(processes: list[Process]) -> None:
    one = processes[0]
    one.write(begun("run_1", ended=ended("run_1")), begun("run_2"))
    later = time.time() + 9
    assert one.transactions.write(lambda c: parts.forget(c, 1.0, 9)) == 0
    assert one.transactions.write(lambda c: parts.forget(c, later, 9)) == 1
    assert one.last("run_2").status == "running"
    assert one.transactions.read(lambda c: parts.last(c, "run_1")) is None
