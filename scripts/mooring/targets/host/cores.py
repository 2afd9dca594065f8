"""How much of the machine's processors this process may use."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath


def cores(root: Path = Path("/")) -> int:
    """Whole cores, at least one: of those it may run on, what a container's share of processor time leaves.

    `root` is the root of the file system, with `proc` and `sys` below it.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, int(min([allowed, *_shares(root)])))


def _shares(root: Path) -> Iterator[float]:
    """Cores' worth of time that the control groups around this process allow; nothing where none sets a limit."""
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            if controllers in ("", "cpu", "cpu,cpuacct", "cpuacct,cpu"):
                base = root / "sys/fs/cgroup" / controllers
                # Inside a container its own group is mounted as the root, and its path leads nowhere.
                for group in (PurePosixPath(path), *PurePosixPath(path).parents):
                    yield from _share(base / str(group).strip("/"))


def _share(group: Path) -> Iterator[float]:
    """That of one group: `cpu.max` in version 2, two files in version 1."""
    with suppress(OSError, ValueError):
        quota, period = (group / "cpu.max").read_text().split()
        yield int(quota) / int(period)
    with suppress(OSError, ValueError):
        quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if int(quota) > 0:
            yield int(quota) / int(period)
