"""The logs that processes write: opened to go on, and read for how one ended."""

import json
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from mooring import private


def opened(path: Path) -> BinaryIO:
    """Appends to `path`; what is over 5 MB was moved to `.log.1` before."""
    if path.exists() and path.stat().st_size > 5 * 2**20:
        path.replace(path.with_suffix(".log.1"))
    return cast(BinaryIO, private.file(path).open("ab", buffering=0))


def last_words(path: Path, worker: int = 1) -> str:
    """The last error of a worker in a log of JSON lines, or its last line."""
    with suppress(OSError, ValueError):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").strip().splitlines()
        for line in reversed(lines):
            with suppress(ValueError):
                if (entry := json.loads(line)).get("level") == "error" and entry.get("worker", worker) == worker:
                    return str(entry["event"])
        return lines[-1] if lines else ""
    return ""
