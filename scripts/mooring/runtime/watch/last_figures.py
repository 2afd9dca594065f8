"""The last figures of processes that ended, in files, until whoever adds them up has read them.

A process that ends after its requests writes what it had counted by then; of one that was killed, its supervisor
writes what outlived it. Neither needs anybody to be there to listen.
"""

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mooring import private

FOLDER = "ended"
"""In the state folder."""

MOST = 256
"""Files that are kept while nobody reads them."""

log = logging.getLogger("mooring.monitor")


def leave(state: Path, figures: Mapping[str, Any]) -> None:
    """Writes the figures of a process, whole or not at all. Raises OSError."""
    folder = private.folder(state / FOLDER)
    name = f"{time.time_ns():020}-{os.getpid()}"
    private.write(folder / f"{name}.json", json.dumps(figures))
    for path in sorted(folder.glob("*.json"))[:-MOST]:
        path.unlink(missing_ok=True)


def left(state: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file with what it says, in the order in which they were written. Whoever has kept it deletes the file.

    One that says nothing of use is put aside, so that nobody stumbles over it again.
    """
    for path in sorted((state / FOLDER).glob("*.json")):
        with suppress(OSError):
            if (figures := _read(path)) is None:
                _put_aside(path)
            else:
                yield path, figures


def _read(path: Path) -> dict[str, Any] | None:
    """None for what says nothing of use. Raises OSError."""
    try:
        figures: dict[str, Any] = json.loads(path.read_bytes())
        return figures if _usable(figures) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _usable(figures: Mapping[str, Any]) -> bool:
    """Raises ValueError, KeyError, TypeError or AttributeError for some of what is not."""
    whole = "families" not in figures or isinstance(figures["began"], float | int)
    named = isinstance(figures["pid"], int) and isinstance(figures["slot"], str)
    named = named and isinstance(figures.get("digest"), str | None)
    counted = all(isinstance(count, int) for count in figures.get("counts", {}).values())
    return whole and named and counted and all(map(_readable, figures.get("families", ())))


def _readable(family: Mapping[str, Any]) -> bool:
    """Whether a family has its name, its type, its help and samples."""
    words = all(isinstance(family[name], str) for name in ("name", "type", "what"))
    return words and all(
        isinstance(name, str) and isinstance(labels, dict) and isinstance(value, float | int)
        for name, labels, value in family["samples"]
    )


def _put_aside(path: Path) -> None:
    path.replace(path.with_suffix(".unusable"))
    log.error("%s says nothing of use and is put aside: what a process counted in the end is missing", path)
    for old in sorted(path.parent.glob("*.unusable"))[:-MOST]:
        old.unlink(missing_ok=True)
