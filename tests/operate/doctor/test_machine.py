"""Whether the machine can run what its environments want."""

import dataclasses
import resource
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.doctor.machine import GIB, Machine, diagnoses
from mooring.release.content import ReleaseContent
from mooring.spec import Environment

FINE = Machine(
    python=(3, 12, 1),
    git="git version 2.47.1\n",
    disk_free=40 * GIB,
    memory_free=8 * GIB,
    open_files=65536,
    programs=frozenset({"git", "jq", "pg_dump", "pg_restore"}),
    clock_off=0.4,
    unwritable="",
)


@pytest.fixture
def production(content: ReleaseContent) -> Environment:
    database = {"secretRef": "env:DATABASE_URL"}
    data = content.environment.model_dump(mode="json", by_alias=True)
    return Environment.model_validate(data | {"tier": "production", "database": database})


def found(production: Environment, **changed: Any) -> dict[str, tuple[str, str]]:
    """State and text by check, of what is not ok."""
    machine = dataclasses.replace(FINE, **changed)
    made = list(diagnoses(machine, {"production": production}))
    assert all(one.why and one.fix for one in made if one.state == "finding")
    return {one.check: (one.state, one.what) for one in made if one.state != "ok"}


def test_a_machine_that_has_all_is_ok(production: Environment) -> None:
    assert found(production) == {}


@pytest.mark.parametrize(
    ("changed", "check", "what"),
    [
        ({"python": (3, 10, 9)}, "python", "Python 3.10.9"),
        ({"git": ""}, "git", "git is not installed"),
        ({"git": "git version 2.30.2"}, "git", "git 2.30"),
        ({"disk_free": GIB}, "disk", "1.0 GiB free for the state"),
        ({"memory_free": GIB // 2}, "memory", "0.5 GiB of memory available"),
        ({"open_files": 1024}, "open-files", "1024 open files at most"),
        ({"clock_off": 31.0}, "clock", "the clock is 31 s ahead of GitHub's"),
        ({"clock_off": -90.0}, "clock", "the clock is 90 s behind GitHub's"),
        ({"unwritable": "/var/lib: Permission denied"}, "state-folder", "the state cannot be written: /var/lib: Perm"),
        ({"programs": FINE.programs - {"jq"}}, "jq", "jq is not installed"),
        ({"programs": FINE.programs - {"pg_dump"}}, "pg_dump", "pg_dump is not installed"),
    ],
)
def test_what_lacks_is_a_finding(changed: dict[str, Any], check: str, what: str, production: Environment) -> None:
    (named,) = found(production, **changed).items()
    assert named[0] == check
    assert named[1][0] == "finding"
    assert named[1][1].startswith(what)


def test_a_clock_that_was_compared_with_nothing_is_unknown(production: Environment) -> None:
    assert found(production, clock_off=None) == {"clock": ("unknown", "the clock was compared with no server's")}


def test_no_limit_on_open_files_is_enough(production: Environment) -> None:
    assert found(production, open_files=resource.RLIM_INFINITY) == {}


def test_a_laptop_needs_no_programs_of_runners(content: ReleaseContent) -> None:
    machine = dataclasses.replace(FINE, programs=frozenset())
    data = content.environment.model_dump(mode="json", by_alias=True) | {"tier": "development", "database": None}
    laptop = {"local": Environment.model_validate(data)}
    assert {one.state for one in diagnoses(machine, laptop)} == {"ok"}


def test_this_machine_is_measured_and_a_folder_that_is_not_there_yet_is_made_above(tmp_path: Path) -> None:
    machine = Machine.measured(tmp_path / "not/yet", None)
    assert machine.python >= (3, 11)
    assert machine.git.startswith("git version")
    assert (machine.disk_free > 0, machine.memory_free > 0, machine.unwritable) == (True, True, "")
    assert not (tmp_path / "not").exists()


def test_a_state_that_is_no_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").rmdir()
    (tmp_path / "state").symlink_to("/proc/1")
    assert "/state: " in Machine.measured(tmp_path / "state", None).unwritable
