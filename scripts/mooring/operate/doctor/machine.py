"""The machine: programs, room, limits and clock."""

import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from mooring.operate.doctor.diagnosis import Check, Diagnosis
from mooring.spec import Environment

PYTHON, GIT = (3, 11), (2, 31)
"""The oldest versions; git takes configuration from variables from that one on."""

GIB = 1024**3
DISK_BYTES, MEMORY_BYTES = 2 * GIB, 1 * GIB
"""Room for a second set of packages and a few releases, and for one more process of a slot."""

FILES_BESIDE = 512
"""Open files that a slot's process needs beside one for each connection."""

SKEW_SECONDS = 30.0

OF_WORKFLOWS = {"git": "checks out", "jq": "reads plans"}
"""Programs that workflows call on the machine of an environment, and what for."""

OF_POSTGRES = ("pg_dump", "pg_restore")
POSTGRES = Path("/usr/lib/postgresql")
"""Where Debian puts those of each version."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What is measured. `clock_off` is how many seconds the clock is ahead of a server's, None where none was asked."""

    python: tuple[int, ...]
    git: str
    disk_free: int
    memory_free: int
    open_files: int
    programs: frozenset[str]
    clock_off: float | None
    unwritable: str

    @classmethod
    def measured(cls, state: Path, clock_off: float | None) -> "Machine":
        """This machine; `state` is the folder in which environments keep theirs."""
        near = _existing(state)
        programs = (*OF_WORKFLOWS, *OF_POSTGRES)
        return cls(
            python=sys.version_info[:3],
            git=_git(),
            disk_free=psutil.disk_usage(str(near)).free,
            memory_free=psutil.virtual_memory().available,
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            programs=frozenset(name for name in programs if shutil.which(name) or any(POSTGRES.glob(f"*/bin/{name}"))),
            clock_off=clock_off,
            unwritable=_unwritable(near),
        )


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _git() -> str:
    try:
        return subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _unwritable(folder: Path) -> str:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"


def diagnoses(machine: Machine, environments: Mapping[str, Environment]) -> Iterator[Diagnosis]:
    """`environments` are those that run here, by name."""
    yield _python(machine)
    yield _version_of_git(machine)
    yield _room(machine)
    yield _memory(machine)
    yield _open_files(machine, environments)
    yield _clock(machine)
    yield _state(machine)
    yield from _programs(machine, environments)


def _python(machine: Machine) -> Diagnosis:
    check, version = Check("machine", "python"), ".".join(map(str, machine.python))
    if machine.python[:2] >= PYTHON:
        return check.ok(f"Python {version}")
    return check.finding(f"Python {version}", "the packages need 3.11", "install Python 3.11 or newer")


def _version_of_git(machine: Machine) -> Diagnosis:
    check, found = Check("machine", "git"), re.search(r"(\d+)\.(\d+)", machine.git)
    oldest = ".".join(map(str, GIT))
    if found is None:
        return check.finding("git is not installed", "plans and reverts are made of commits", "install git")
    if (int(found[1]), int(found[2])) < GIT:
        why = "pushes of jobs give it their token in variables"
        return check.finding(f"git {found[0]}", why, f"install git {oldest} or newer")
    return check.ok(f"git {found[0]}")


def _room(machine: Machine) -> Diagnosis:
    check, what = Check("machine", "disk"), f"{machine.disk_free / GIB:.1f} GiB free for the state"
    if machine.disk_free >= DISK_BYTES:
        return check.ok(what)
    return check.finding(what, "a full disk ends deployments and answers", f"free {DISK_BYTES // GIB} GiB")


def _memory(machine: Machine) -> Diagnosis:
    check, what = Check("machine", "memory"), f"{machine.memory_free / GIB:.1f} GiB of memory available"
    if machine.memory_free >= MEMORY_BYTES:
        return check.ok(what)
    why = "a release is staged beside the live one, in processes of its own"
    return check.finding(what, why, f"leave {MEMORY_BYTES // GIB} GiB for it")


def _open_files(machine: Machine, environments: Mapping[str, Environment]) -> Diagnosis:
    check, limit = Check("machine", "open-files"), machine.open_files
    wanted = FILES_BESIDE + max((one.serving.max_connections for one in environments.values()), default=0)
    if limit == resource.RLIM_INFINITY or limit >= wanted:
        return check.ok("open files: no limit" if limit == resource.RLIM_INFINITY else f"{limit} open files")
    why = "connections beyond that are refused, fewer than serving.maxConnections says"
    return check.finding(f"{limit} open files at most", why, f"raise the hard limit to {wanted}: ulimit -Hn {wanted}")


def _clock(machine: Machine) -> Diagnosis:
    check = Check("machine", "clock")
    if machine.clock_off is None:
        return check.unknown("the clock was compared with no server's", "set GH_TOKEN, so that GitHub's is asked")
    off = machine.clock_off
    what = f"the clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} GitHub's"
    if abs(off) <= SKEW_SECONDS:
        return check.ok(what)
    return check.finding(what, "leases, freezes and overrides end by the clock", "synchronize it, such as by chrony")


def _state(machine: Machine) -> Diagnosis:
    check = Check("machine", "state-folder")
    if not machine.unwritable:
        return check.ok("the folder with the state is writable")
    why, fix = "nothing can be deployed without it", "chown it to the user who runs this, or set MOORING_STATE"
    return check.finding(f"the state cannot be written: {machine.unwritable}", why, fix)


def _programs(machine: Machine, environments: Mapping[str, Environment]) -> Iterator[Diagnosis]:
    wanted: dict[str, str] = {}
    if any(one.tier != "development" for one in environments.values()):
        wanted |= {name: f"the runner {what} with it" for name, what in OF_WORKFLOWS.items()}
    if any(one.database is not None for one in environments.values()):
        wanted |= dict.fromkeys(OF_POSTGRES, "copies of PostgreSQL are made and restored with it")
    for name, why in wanted.items():
        check = Check("machine", name)
        if name in machine.programs:
            yield check.ok(f"{name} is installed")
        else:
            package = "postgresql-client" if name in OF_POSTGRES else name
            yield check.finding(
                f"{name} is not installed", why, f"install it; on Debian and Ubuntu: apt install {package}"
            )
