"""What is used of a limit is counted by several processes together, whatever becomes of one of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mooring.runtime.core.caller import Caller
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.door.access.rates import Bucket, Rates
from mooring.runtime.door.access.usage import Shared, shared
from mooring.runtime.memory.spend import Spend
from mooring.spec.access import Limits
from mooring.state.database import Database
from mooring.state.engine.engine import url_of

SOURCES = str(Path(__file__).parents[4] / "scripts")

ANOTHER = """
import os, signal, sys
from pathlib import Path
from mooring.runtime.door.access.usage import Shared
usage = Shared(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    with usage.alone():
        usage.enter()
        used, at = usage.taken()
        usage.take(used + 1, 1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def another(path: Path, times: int) -> "subprocess.Popen[bytes]":
    """A process that lets requests in and is killed."""
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER, path, str(times)], env={**os.environ, "PYTHONPATH": SOURCES}
    )


def test_processes_that_count_at_once_miss_nothing(tmp_path: Path) -> None:
    usage = Shared(tmp_path / "usage")
    for process in [another(tmp_path / "usage", 2000) for _ in range(3)]:
        assert process.wait(30) == -9
    assert usage.taken() == (6000, 1.0)


def test_what_a_dead_process_had_under_way_is_taken_off_at_the_limit(tmp_path: Path) -> None:
    usage = Shared(tmp_path / "usage")
    usage.enter()
    assert another(tmp_path / "usage", 5).wait(30) == -9
    assert usage.under_way(10) == 6
    assert usage.under_way(6) == 1
    usage.leave()
    assert usage.under_way(1) == 0


def test_two_that_count_together_share_bucket_and_requests_at_once(tmp_path: Path) -> None:
    grant = Grant(Caller("shop", "site"), Limits(concurrent=2), Limits(requests_per_minute=3))
    spend = Spend(Database(url_of(tmp_path, None)))
    first, second = (Rates(spend, None, lambda: 5.0, tmp_path / "rates") for _ in range(2))
    inside = [first.enter(grant), second.enter(grant)]
    with pytest.raises(Problem, match="2 requests under way"):
        first.enter(grant)
    inside[0].leave()
    second.enter(grant).leave()
    with pytest.raises(Problem, match="3 requests a minute"):
        first.enter(grant)


def test_a_machine_that_was_started_again_has_used_nothing(tmp_path: Path) -> None:
    bucket = Bucket(2, Shared(tmp_path / "usage"))
    bucket.take(100_000.0)
    bucket.take(100_000.0)
    assert bucket.left(100_000.0) == 0
    assert bucket.left(10.0) == 2


def test_without_a_file_each_process_counts_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "rates").touch()
    usage = shared(tmp_path / "rates", "shop", "")
    usage.enter()
    assert usage.under_way(5) == 1
    assert "limits hold in each worker apart" in caplog.text
