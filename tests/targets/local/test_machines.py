"""Two machines serve one environment: what one makes live, the other one follows; a file takes one machine alone."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.report.status import notes
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
from mooring.state.records import machines
from mooring.state.records.machines import Machine
from mooring.targets.host.presence import Presence
from mooring.targets.local.target import Local
from tests.postgres import Cluster
from tests.targets.local.conftest import LIGHT, House

VARIABLE = "TWO_MACHINES"
DATABASE = {"secretRef": f"env:{VARIABLE}"}

Make = Callable[..., Release]


def machine(folder: Path, name: str, release: Release) -> House:
    """A state folder of its own, of the same environment."""
    state = folder / name
    local = Local(folder, release.content.environment, state, LIGHT)
    return House(local, Ledger(Location(state, "local", f"env:{VARIABLE}")))


@pytest.fixture
def make(release: Make, monkeypatch: pytest.MonkeyPatch, cluster: Cluster, tmp_path: Path) -> Make:
    """Releases that keep their state in one PostgreSQL."""
    monkeypatch.setenv(VARIABLE, cluster.fresh())
    path = tmp_path / "configs/environments/local.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(f"target: {{type: local, listen: '127.0.0.1:0'}}\ndatabase: {{secretRef: env:{VARIABLE}}}\n")
    return lambda name, **values: release(name, **{"environment.database": DATABASE, **values})


@pytest.fixture
def pair(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, House]]:
    """Two machines; the second one is new, and nothing runs there. The first one has a variable of its own."""
    both = machine(tmp_path, "a", make("one")), machine(tmp_path, "b", make("one"))
    with monkeypatch.context() as first:
        first.setenv("LIGHT_WHOLE", "1")
        both[0].local.ensure()
    yield both
    for house in both:
        house.local.down()
        house.ledger.close()


def asked(house: House) -> str:
    return house.ask()["digest"]


def said(ledger: dict[str, Any]) -> str:
    """What `moor status` says of how a machine stands to the others."""
    return "\n".join(notes({"slots": {}, "agents": {}, "ledger": ledger}))


def serves(house: House, release: Release) -> Callable[[], bool]:
    def holds() -> bool:
        live = house.local.facts().live
        return live is not None and live.digest == release.digest and asked(house) == release.digest

    return holds


@pytest.mark.slow
def test_a_new_machine_serves_what_is_live_without_a_copied_folder_and_without_a_deployment(
    pair: tuple[House, House], make: Make
) -> None:
    a, b = pair
    a.deploy(make("one"))
    entries = a.ledger.verify()
    b.local.ensure()
    b.until(serves(b, make("one")))
    assert b.ledger.verify() == entries
    assert b.local.release(make("one").digest) == make("one")


@pytest.mark.slow
def test_what_either_machine_deploys_or_rolls_back_both_serve(pair: tuple[House, House], make: Make) -> None:
    a, b = pair
    one, two, three = make("one"), make("two"), make("three")
    a.deploy(one)
    b.local.ensure()
    a.deploy(two)
    started = time.monotonic()
    b.until(serves(b, two))
    assert time.monotonic() - started < 10
    b.deploy(three)
    assert asked(b) == three.digest
    a.until(serves(a, three))
    a.rollback()
    b.until(serves(b, two))
    count = a.ledger.verify()
    state = a.ledger.state("local")
    assert (state.trail[-2:], state.quarantined) == ((one.digest, two.digest), three.digest)
    time.sleep(3)
    assert a.ledger.verify() == count
    assert {asked(a), asked(b)} == {two.digest}


@pytest.mark.slow
def test_a_machine_that_is_behind_never_corrects_the_ledger(pair: tuple[House, House], make: Make) -> None:
    a, b = pair
    a.deploy(make("one"))
    b.local.ensure()
    b.until(serves(b, make("one")))
    supervisor = b.local.status().supervisor
    assert supervisor
    os.kill(supervisor, signal.SIGSTOP)
    try:
        a.deploy(make("two"))
    finally:
        os.kill(supervisor, signal.SIGCONT)
    receipt = b.deploy(make("three"))
    assert receipt.previous == make("two").digest
    assert [entry.event["event"] for entry in b.ledger.entries(50, "local")].count("resumed") == 0
    a.until(serves(a, make("three")))


@pytest.mark.slow
def test_a_release_that_does_not_start_on_one_machine_is_said_there_and_the_old_one_serves_on(
    pair: tuple[House, House], make: Make
) -> None:
    a, b = pair
    a.deploy(make("one"))
    b.local.ensure()
    b.until(serves(b, make("one")))
    a.deploy(make("two, broken on the second machine", **{"environment.rollout.deadlineSeconds": 8}))
    behind = b.until(lambda: (b.local.status().ledger["behind"] or {}).get("why"), 40)
    assert "ended 3 times" in behind or "was not ready" in behind
    assert asked(b) == make("one").digest


@pytest.mark.slow
def test_the_files_of_releases_are_made_again_when_they_were_deleted(pair: tuple[House, House], make: Make) -> None:
    a, _ = pair
    a.deploy(make("one"))
    a.local.down()
    shutil.rmtree(a.local.state / "releases")
    a.local.ensure()
    assert asked(a) == make("one").digest
    shutil.rmtree(a.local.state / "releases")
    a.until(lambda: (a.local.state / "releases" / f"{make('one').digest[7:]}.json").exists())


@pytest.mark.slow
def test_a_rollback_on_one_machine_undoes_what_another_one_is_watching(
    pair: tuple[House, House], make: Make, tmp_path: Path
) -> None:
    a, b = pair
    a.deploy(make("zero"))
    a.deploy(make("one"))
    b.local.ensure()
    b.until(serves(b, make("one")))
    two = make("two", **{"environment.rollout.bakeSeconds": 60})
    command = Path(__file__).with_name("light_deploy.py")
    a.local.put(two)
    options = [str(tmp_path), str(a.local.state), two.digest, "1000", f"env:{VARIABLE}"]
    deploying = subprocess.Popen([sys.executable, str(command), *options])
    try:
        a.until(lambda: a.ledger.state("local").phase == "baking")
        assert b.rollback().digest == make("one").digest
        state = b.ledger.state("local")
        assert (state.quarantined, state.trail[-1]) == (two.digest, make("one").digest)
        a.until(serves(a, make("one")))
        assert asked(b) == make("one").digest
        assert deploying.wait(20) != 0
    finally:
        deploying.kill()
        deploying.wait()


@pytest.mark.slow
def test_machines_know_of_each_other(pair: tuple[House, House], make: Make) -> None:
    a, b = pair
    a.deploy(make("one"))
    b.local.ensure()
    [other] = a.until(lambda: a.local.status().ledger["others"])
    assert other["folder"] == str(b.local.state)
    b.local.down()
    a.until(lambda: not a.local.status().ledger["others"])


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_a_machine_whose_clock_is_minutes_wrong_serves_what_the_others_do_and_says_so(
    pair: tuple[House, House], make: Make, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    a, b = pair
    a.deploy(make("one"))
    with monkeypatch.context() as wrong:
        wrong.setenv("LIGHT_AHEAD", str(ahead))
        b.local.ensure()
    b.until(serves(b, make("one")))
    told = b.until(lambda: abs(b.local.status().ledger["ahead"] - ahead) < 3 and b.local.status().ledger)
    assert "this machine's clock differs from the database's by" in said(told)
    assert "the clock of this machine differs from the database's by" in "".join(b.local.logs("supervisor", 500))
    assert "differs" not in said(a.local.status().ledger)
    a.until(lambda: [each["folder"] for each in a.local.status().ledger["others"]] == [str(b.local.state)])
    b.until(lambda: [each["folder"] for each in b.local.status().ledger["others"]] == [str(a.local.state)])
    a.deploy(make("two"))
    b.until(serves(b, make("two")))
    true = time.time
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time", lambda: true() + ahead)
        b.deploy(make("three"))
        held = lease.acquire(b.ledger, "local", "ann", "deploy")
        assert lease.holder(b.ledger, "local") == held
    assert 0 < held.until - true() <= lease.TERM
    assert lease.holder(a.ledger, "local") == held
    lease.release(b.ledger, held)
    a.until(serves(a, make("three")))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(Location(tmp_path / "state", "local"))
    yield opened
    opened.close()


def alive(ledger: Ledger, other: Machine) -> Callable[[float], None]:
    """Lets another machine say that it is there whenever this one waits."""

    def sleep(_seconds: float) -> None:
        ledger.write(lambda statements: machines.beat(statements, other))

    return sleep


def test_a_second_machine_on_one_file_is_refused_with_what_to_do(file: Ledger) -> None:
    other = Machine("b", "elsewhere", "/srv/state")
    alive(file, other)(0)
    with pytest.raises(Refused, match=r"is in use on elsewhere, as /srv/state") as caught:
        Presence(Machine("a", "here", "/srv/state"), alive(file, other)).enter(file)
    assert caught.value.reason is Reason.GUARDED
    assert "database.secretRef" in caught.value.fix


def test_what_a_dead_machine_left_in_a_file_is_no_obstacle(file: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.targets.host.presence.GONE_SECONDS", 0.1)
    file.write(lambda statements: machines.beat(statements, Machine("b", "elsewhere", "/srv/state")))
    Presence(Machine("a", "here", "/srv/state"), lambda _: None).enter(file)
    assert [one.id for one in file.read(machines.known)] == ["a"]


def test_a_folder_that_was_renamed_on_the_same_machine_is_used_at_once(file: Ledger) -> None:
    file.write(lambda statements: machines.beat(statements, Machine("a", "here", "/srv/old")))

    def never(_seconds: float) -> None:
        raise AssertionError

    Presence(Machine("a", "here", "/srv/new"), never).enter(file)


@pytest.mark.slow
def test_a_supervisor_on_a_file_of_another_machine_does_not_start(tmp_path: Path, release: Make) -> None:
    state = tmp_path / "state"
    local = Local(tmp_path, release("one").content.environment, state, LIGHT)
    ledger = Ledger.of(tmp_path, "local", state, os.environ)
    other = Machine("b", "elsewhere", "/srv/state")
    stop: list[Any] = []

    def beats() -> None:
        while not stop:
            ledger.write(lambda statements: machines.beat(statements, other))
            time.sleep(0.3)

    beating = threading.Thread(target=beats)
    beating.start()
    try:
        with pytest.raises(Failed, match="two machines cannot share a file"):
            local.ensure()
    finally:
        stop.append(True)
        beating.join()
        ledger.close()
