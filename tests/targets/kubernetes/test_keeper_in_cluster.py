"""A keeper beside real pods of the test cluster: what was left half-done, and a standby whose time is over."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.state import Phase
from mooring.state.runs import checkpoints, executors
from mooring.state.runs.checkpoints import Change
from mooring.state.transactions import Transactions
from mooring.targets.kubernetes import look, names
from mooring.targets.kubernetes.keeping import Keeping
from tests.repository import until
from tests.targets.kubernetes.house import VARIABLE, KubernetesHouse, Place, open_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Make = Callable[..., Release]


class Killed(BaseException):
    """Ends a deployment where it stands; it is no error that anybody handles."""


@pytest.fixture
def house(place: Place, release: Make) -> Iterator[KubernetesHouse]:
    made = open_house(place, release("one", **place.values()))
    yield made
    made.close()


@pytest.fixture
def keeper(house: KubernetesHouse, tmp_path: Path) -> Iterator[Path]:
    """A keeper as a process of this machine; its log."""
    environ = {
        **os.environ,
        VARIABLE: house.at.url,
        names.DATABASE: VARIABLE,
        names.ENVIRONMENT_NAME: house.name,
        names.STATE: str(tmp_path / "keeper" / "state"),
        names.POD_NAME: "keeper-1",
        names.POD_UID: "0a1b2c3d",
        names.POD_IP: f"127.{os.getpid() % 200 + 20}.250.1",
        names.ADMIN_TOKEN: house.target.doors.token(),
        "KUBECONFIG": str(house.at.plane.kubeconfig),
    }
    log = tmp_path / "log"
    with log.open("a") as output:
        command = [sys.executable, "-m", "mooring.targets.kubernetes.keeper"]
        process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    yield log
    process.terminate()
    process.wait(60)


def test_the_keeper_finishes_what_was_left_and_ends_a_standby_in_time(
    house: KubernetesHouse, release: Make, request: pytest.FixtureRequest
) -> None:
    cold = {"environment.rollout.warm.hours": 0.001}
    one = release("one", **house.at.values(), **cold)
    two = release("two", **house.at.values(), **cold)
    driver.deploy(house.target, house.ledger, driver.Request(one, "ann"), lambda _line: None)
    house.target.put(two)

    def killed(_line: str) -> None:
        if house.ledger.state(house.name).phase not in (Phase.IDLE, Phase.STAGING):
            raise Killed

    with suppress(Killed):
        driver.deploy(house.target, house.ledger, driver.Request(two, "ann"), killed)
    assert house.ledger.state(house.name).phase is not Phase.IDLE
    log = request.getfixturevalue("keeper")
    until(lambda: house.ledger.state(house.name).phase is Phase.IDLE, 180)
    assert "a rollout was left half-done; recovering" in log.read_text()
    driver.deploy(house.target, house.ledger, driver.Request(two, "ann"), lambda _line: None)
    live = house.target.facts().live
    assert live
    assert live.digest == two.digest
    idle = "green" if live.slot == "blue" else "blue"
    until(lambda: look.see(house.target.api, house.name).wanted(idle) == 0, 180)
    assert "was warm long enough and has no pods any more" in log.read_text()
    assert house.target.facts().live == live
    house.ledger.verify()


def test_the_keeper_says_of_pods_that_are_gone_that_they_are_dead(house: KubernetesHouse, release: Make) -> None:
    driver.deploy(house.target, house.ledger, driver.Request(release("one", **house.at.values()), "ann"), print)
    live = house.target.facts().live
    assert live
    database = Transactions(house.at.url)
    pods = look.see(house.target.api, house.name).having(live.slot)
    assert len(pods) == 2
    elsewhere = "blue-3f9a0c11-77-aa"  # of one machine, which shares the database

    def work(connection: sa.Connection) -> None:
        for name in (*(executor(pod.uid) for pod in pods), elsewhere):
            head = {"run": name, "part": 0, "tenant": "t", "agent": "a", "release": live.digest, "created": 1.0}
            checkpoints.write(connection, name, "blue", [Change(name, 0, 0, head)])
            executors.renew(connection, name, name.split("-")[1], 600)

    database.write(work)
    keeping = Keeping(house.ledger, database, house.name, lambda: house.target)
    keeping.look()
    keeping.bury()
    assert database.read(executors.buried) == set()
    house.target.kill(live.slot)
    keeping.look()
    keeping.bury()
    assert database.read(executors.buried) == {executor(pods[0].uid)}
    assert database.read(executors.busy).keys() == {executor(pods[1].uid), elsewhere}
    keeping.close()
    database.close()


def executor(uid: str) -> str:
    """The name of a process in a pod."""
    return f"blue-{uid.replace('-', '')}-7-aa"
