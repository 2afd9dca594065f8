"""The keeper: one at a time, with a monitor that sees every pod."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from mooring.release.release import Release
from mooring.rollout import lease
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.pod_doors import number_of
from tests.postgres import Cluster
from tests.targets.kubernetes.loopback import VARIABLE, Pods, opened, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class KeeperProcess:
    """A container of the keeper."""

    def __init__(self, pods: Pods) -> None:
        self.environ = pods.environ()
        self.log = Path(self.environ[names.STATE]).parent / "log"
        command = [sys.executable, "-m", "mooring.targets.kubernetes.keeper"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def metrics(self) -> str:
        try:
            with urlopen(f"http://{self.environ[names.POD_IP]}:{names.MONITOR}/metrics", timeout=10) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    @property
    def keeps(self) -> bool:
        return "this is the keeper" in self.log.read_text()


@pytest.fixture(scope="module")
def pods(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    with opened(cluster.fresh(), tmp_path_factory.mktemp("pods"), "local") as made:
        yield made


@pytest.fixture
def keeper(pods: Pods) -> Iterator[Callable[[], KeeperProcess]]:
    started: list[KeeperProcess] = []

    def start() -> KeeperProcess:
        started.append(KeeperProcess(pods))
        return started[-1]

    yield start
    for each in started:
        each.process.terminate()
    for each in started:
        each.process.wait(60)


def test_one_keeper_works_and_the_next_takes_over_when_it_is_killed(
    pods: Pods, keeper: Callable[[], KeeperProcess]
) -> None:
    first = keeper()
    until(lambda: first.keeps, 90)
    second = keeper()
    with_lease = pods.ledger()
    held = lease.holder(with_lease, "local/keeper")
    assert held
    assert held.actor == first.environ[names.POD_NAME]
    assert lease.holder(with_lease, "local") is None  # it is in nobody's way
    until(lambda: second.log.exists(), 30)
    assert not second.keeps
    first.process.kill()
    until(lambda: second.keeps, 90)
    second.process.terminate()
    assert second.process.wait(60) == 0
    assert lease.holder(with_lease, "local/keeper") is None
    with_lease.verify()
    with_lease.close()


def test_the_monitor_sums_what_all_pods_counted_also_those_that_are_gone(
    pods: Pods, keeper: Callable[[], KeeperProcess], release: Callable[..., Release]
) -> None:
    one = release("one", **{"environment.database": {"secretRef": f"env:{VARIABLE}"}})
    pods.put(one)
    first, second = pods.start(one.digest), pods.start(one.digest)
    for pod in (first, second):
        until(pod.ready, 120)
    for pod, times in ((first, 10), (second, 20)):
        for _ in range(times):
            assert pod.get("/who")[0] == 200
    asked = sum(pod.admin("/health")[1]["counts"]["answered"] for pod in (first, second))
    assert asked >= 30
    watching = keeper()

    def answered() -> float:
        found = re.findall(
            r'^mooring_requests_total\{[^}]*end="answered"[^}]*\} (\S+)$', watching.metrics(), re.MULTILINE
        )
        return sum(map(float, found))

    until(lambda: answered() == asked, 120)
    assert watching.metrics().count("mooring_worker_up{") == 2
    assert first.end() == 0
    until(lambda: watching.metrics().count("mooring_worker_up{") == 1, 60)
    assert answered() == asked
    second.get("/who")
    until(lambda: answered() == asked + 1, 60)
    watching.process.terminate()
    assert watching.process.wait(60) == 0
    watching = keeper()  # in another pod, whose folder is empty: no counter goes back
    until(lambda: answered() > 0, 120)
    assert answered() == asked + 1
    second.kill()


def test_a_pod_has_a_number_that_no_process_of_this_machine_has() -> None:
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    found = {number_of(f"{number}-a") for number in range(1000)}
    assert len(found) == 1000
    assert min(found) > most
    assert max(found) < 2**31
    assert os.getpid() not in found
