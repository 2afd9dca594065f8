"""Follows a log file through rotation."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LOOK = 0.2
"""Seconds between two reads of a followed log."""


def follow(path: Path, lines: int) -> Iterator[str]:
    """The newest lines and every piece that is added, without an end. Waits until the file exists."""
    log = _open(path)
    text = "".join(log.readlines()[-lines:])
    while True:
        if text:
            yield text
        time.sleep(LOOK)
        text = log.read()
        if not text and path.exists() and not os.path.samestat(os.fstat(log.fileno()), path.stat()):
            log.close()
            log = _open(path)


def _open(path: Path) -> TextIO:
    while not path.exists():
        time.sleep(LOOK)
    return path.open(encoding="utf-8", errors="replace")
