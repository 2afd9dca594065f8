"""What a keeper says of pods that are gone, beside real pods of the test cluster and without a keeper of their own."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from mooring.release.release import Release
from mooring.rollout import driver
from mooring.state.runs import checkpoints, executors
from mooring.state.runs.checkpoints import Change
from mooring.state.transactions import Transactions
from mooring.targets.kubernetes import look
from mooring.targets.kubernetes.keeping import Keeping
from tests.targets.kubernetes.house import KubernetesHouse, Place, open_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Make = Callable[..., Release]


@pytest.fixture
def house(place: Place, release: Make) -> Iterator[KubernetesHouse]:
    made = open_house(place, release("one", **place.values()))
    yield made
    made.close()


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
