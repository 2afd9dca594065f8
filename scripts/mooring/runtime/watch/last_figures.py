"""The last figures of processes that ended, in files, until whoever adds them up has read them.

A process that ends after its requests writes what it had counted by then; of one that was killed, its supervisor
writes what outlived it. Neither needs anybody to be there to listen.
"""

import json
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


def leave(state: Path, figures: Mapping[str, Any]) -> None:
    """Writes the figures of a process, whole or not at all. Raises OSError."""
    folder = private.folder(state / FOLDER)
    name = f"{time.time_ns():020}-{os.getpid()}"
    temporary = private.file(folder / f"{name}.new")
    temporary.write_text(json.dumps(figures))
    temporary.replace(folder / f"{name}.json")
    for path in sorted(folder.glob("*.json"))[:-MOST]:
        path.unlink(missing_ok=True)


def left(state: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file with what it says, in the order in which they were written. Whoever has kept it deletes the file."""
    for path in sorted((state / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError):
            yield path, dict(json.loads(path.read_bytes()))
