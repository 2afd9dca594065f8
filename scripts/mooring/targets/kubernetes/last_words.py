"""The last words of a pod: one line that the cluster shows beside it."""

import logging
import sys
from contextlib import suppress
from pathlib import Path

from mooring.catalog.secrets import masked

FILE = Path("/dev/termination-log")
"""Where the kubelet reads them, unless a container names another `terminationMessagePath`.

Source: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

MOST = 1000
"""Characters; the kubelet keeps 4096 bytes, and the last 2048 of a log."""


def say(words: str, file: Path = FILE) -> None:
    """Writes them to standard error, and where the kubelet reads them if that is there. No secret is among them.

    Nothing is logged after them: who reads the end of a log finds them there.
    """
    line = masked(" ".join(words.split()))[:MOST]
    logging.disable(logging.CRITICAL)
    print(f"pod: {line}", file=sys.stderr, flush=True)
    with suppress(OSError):
        if file.exists():
            file.write_text(f"{line}\n", encoding="utf-8")
