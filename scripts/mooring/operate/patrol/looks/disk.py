"""How full a file system is."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from mooring.operate.patrol.seen import Found, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Disk

GIB = 2**30


def looks(check: Disk, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    async def look() -> Found:
        place = Path(check.path) if check.path else _made(surroundings.state)
        return await asyncio.get_running_loop().run_in_executor(None, measure, place)

    yield "", look


def measure(place: Path) -> Found:
    """The ratio of bytes or files that are used, as `df` counts them. Raises Trouble."""
    try:
        seen = os.statvfs(place)
    except OSError as error:
        raise Trouble(f"{place} cannot be looked at: {error.strerror}") from error
    used = seen.f_blocks - seen.f_bfree
    by_bytes = used / (used + seen.f_bavail) if used + seen.f_bavail else 1.0
    by_files = (seen.f_files - seen.f_ffree) / seen.f_files if seen.f_files else 0.0
    if by_files > by_bytes:
        return Found(f"{by_files:.0%} full: {seen.f_ffree:,} files are left at {place}", by_files)
    return Found(f"{by_bytes:.0%} full: {seen.f_bavail * seen.f_frsize / GIB:.1f} GiB are left at {place}", by_bytes)


def _made(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
