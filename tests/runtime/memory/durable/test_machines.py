"""Slots of two state folders on one PostgreSQL, as on two machines: who dies is known by the lease, not by a lock."""

import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.runtime.memory.durable.retention import forget
from mooring.runtime.memory.store import StoredRun
from mooring.state.place.address import url_of
from mooring.state.records.releases import RELEASES
from mooring.state.runs import checkpoints
from mooring.state.runs.checkpoints import Change
from mooring.state.transactions import Transactions

pytestmark = pytest.mark.slow

DYING = 8.0
"""Seconds after which a process whose lease has ended is dead for the others, in these tests."""


@pytest.fixture
def server(cluster: Any) -> str:
    """The URL of an empty database."""
    url: str = cluster.fresh()
    return url


@pytest.fixture
def other(tmp_path: Path) -> str:
    """Another machine's state folder."""
    return str(tmp_path / "other")


def test_the_runs_of_a_machine_that_died_go_on_in_another(
    fleet: Any, provider: Any, server: str, other: str, until: Any
) -> None:
    blue = fleet.slot("blue", database=server)
    green, red = (fleet.slot("green", database=server, state=other) for _ in range(2))
    provider.charge_delay = 0.5
    runs = [blue.start(f"moved-{number}") for number in range(4)]
    until(lambda: all(green.run(run)["usage"]["output_tokens"] for run in runs))
    blue.kill()
    killed = time.monotonic()
    for number, run in enumerate(runs):
        ended = (green, red)[number % 2].ended(run)
        assert (ended["status"], ended["slot"], ended["resumed"]) == ("done", "green", 1)
        assert provider.charged(f"moved-{number}") == 6
        assert provider.asked(f"moved-{number}")[0] == 1
    assert time.monotonic() - killed < DYING + 3


def test_the_runs_of_a_machine_that_lives_are_left_alone_however_long_they_take(
    fleet: Any, provider: Any, server: str, other: str
) -> None:
    blue, green = fleet.slot("blue", database=server), fleet.slot("green", database=server, state=other)
    provider.charge_delay = DYING / 2
    run = blue.start("slow")
    assert green.run(run)["status"] == "running"
    ended = green.ended(run)
    assert (ended["status"], ended["slot"], ended["resumed"]) == ("done", "blue", 0)
    assert set(provider.asked("slow").values()) == {1}


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_machines_whose_clocks_differ_by_minutes_share_runs_and_conversations(
    fleet: Any, provider: Any, server: str, other: str, until: Any, ahead: float
) -> None:
    """Neither takes the other for dead, nor what the other wrote for too old; and who is dead is known as soon."""
    right = fleet.slot("blue", database=server)
    wrong = fleet.slot("green", database=server, state=other, ahead=ahead)
    for slot, said in (wrong, "first"), (right, "second"), (wrong, "third"):
        assert slot.chat(said, metadata={"conversation": "talk-1"}).status_code == 200
    talks = [slot.http.get("/conversations/talk-1").json() for slot in (right, wrong)]
    assert talks[0] == talks[1]
    assert all(said in str(talks[0]) for said in ("first", "second", "third"))
    provider.charge_delay = DYING / 2
    living = [(slot, slot.start(f"left alone by {slot.name}")) for slot in (right, wrong)]
    for slot, run in living:
        ended = slot.ended(run)
        assert (ended["status"], ended["slot"], ended["resumed"]) == ("done", slot.name, 0)
    provider.charge_delay = 0.5
    run = wrong.start("left behind")
    until(lambda: right.run(run)["usage"]["output_tokens"])
    wrong.kill()
    ended = right.ended(run)
    assert (ended["status"], ended["slot"], ended["resumed"]) == ("done", "blue", 1)


def test_how_long_a_run_is_kept_goes_by_the_clock_of_the_database(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database, true = Transactions(server), time.time
    head = {"run": "run_1", "part": 0, "tenant": "bank", "agent": "support", "release": "sha256:0", "created": 1.0}
    end = StoredRun("run_1", "support", "sha256:0", "blue", "done", 1.0, true(), {}, b"[]")
    database.write(
        lambda connection: checkpoints.write(connection, "p", "blue", [Change("run_1", 0, 0, head, ended=end)])
    )
    monkeypatch.setattr(time, "time", lambda: true() + 300)
    assert database.write(lambda connection: forget(connection, 100)) == 0
    monkeypatch.setattr(time, "time", lambda: true() - 300)
    time.sleep(0.3)
    assert database.write(lambda connection: forget(connection, 0.2)) == 1
    database.close()


def test_a_machine_that_is_stopped_says_so_and_its_runs_go_on_at_once(
    fleet: Any, provider: Any, server: str, other: str
) -> None:
    blue, green = fleet.slot("blue", database=server), fleet.slot("green", database=server, state=other)
    provider.delay = 0.5
    run = blue.start("handed over")
    blue.terminate()
    stopped = time.monotonic()
    assert green.ended(run)["slot"] == "green"
    assert time.monotonic() - stopped < DYING


def test_a_run_is_left_to_the_machine_that_has_its_release(
    fleet: Any, make_release: Any, server: str, other: str, until: Any
) -> None:
    """Where the database does not have it either: else any machine brings it from there."""
    old, new = make_release(True), make_release(True, deadlineSeconds=9)
    fleet.slot("green", release=old, database=server, state=other)
    dying = fleet.slot("blue", release=old, database=server, die=3, adopts=False)
    run = dying.start("pinned")
    until(lambda: dying.dead)
    fleet.releases.put(old).unlink()
    database = Transactions(url_of(fleet.state, server, old.content.environment.name))
    database.write(lambda connection: connection.execute(sa.delete(RELEASES)))
    database.close()
    blue = fleet.slot("blue", release=new, database=server)
    ended = blue.ended(run)
    assert (ended["status"], ended["release"], ended["slot"]) == ("done", old.digest, "green")


def test_a_run_that_waits_for_a_person_goes_on_in_another_machine(
    fleet: Any, make_release: Any, server: str, other: str
) -> None:
    release = make_release(True, approval="human")
    blue = fleet.slot("blue", release=release, database=server)
    run = blue.start("waits")
    assert blue.ended(run)["status"] == "awaiting-approval"
    blue.kill()
    green = fleet.slot("green", release=release, database=server, state=other)
    for _ in range(2):
        assert green.http.post(f"/runs/{run}/approve").status_code == 202
        green.ended(run)
    assert green.run(run)["status"] == "done"
