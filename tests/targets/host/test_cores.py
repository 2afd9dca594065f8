"""How many workers a slot has when nobody says so: what the machine and the container leave, four at most."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mooring.targets.host import requirements
from mooring.targets.host.cores import cores
from mooring.targets.host.requirements import Requirements


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


def grouped(root: Path, groups: str, **files: str) -> Path:
    """A file system with the control groups of this process."""
    for path, text in {"proc/self/cgroup": groups, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "count"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "350000 100000\n"}, 3),
        ("0::/pod/app\n", {"sys/fs/cgroup/pod/cpu.max": "300000 100000", "sys/fs/cgroup/pod/app/cpu.max": "max 1"}, 3),
        ("0::/docker/abc\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        (
            "4:cpu,cpuacct:/\n0::/\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "150000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            "4:cpu:/\n",
            {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
            8,
        ),
        ("nonsense\n", {}, 8),
    ],
)
@pytest.mark.usefixtures("eight")
def test_a_containers_share_counts(tmp_path: Path, groups: str, files: dict[str, str], count: int) -> None:
    assert cores(grouped(tmp_path, groups, **files)) == count


@pytest.mark.usefixtures("eight")
def test_without_control_groups_the_cores_that_it_may_run_on_count(tmp_path: Path) -> None:
    assert cores(tmp_path) == 8


@pytest.mark.parametrize(
    ("tier", "asked", "there", "workers", "spare"),
    [
        ("production", None, 16, 4, False),
        ("production", None, 2, 2, False),
        ("production", None, 1, 1, True),
        ("production", 6, 2, 6, False),
        ("staging", None, 3, 3, False),
        ("development", None, 16, 1, False),
        ("development", 2, 16, 2, False),
    ],
)
def test_the_default_number_of_workers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    release: Any,
    tier: str,
    asked: int | None,
    there: int,
    workers: int,
    spare: bool,
) -> None:
    monkeypatch.setattr(requirements, "cores", lambda: there)
    content = json.loads(release("one").to_bytes())
    content["environment"]["tier"] = tier
    content["environment"]["serving"] |= {"workers": asked, "spare": None}
    (tmp_path / "release.json").write_text(json.dumps(content))
    found = Requirements.read(tmp_path / "release.json")
    assert (found.workers, found.spare) == (workers, spare)
