"""Serves what a branch makes of an environment, apart from everything real, until its time is over."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.errors import UsageError
from mooring.operate.exercises.scratch import scratch
from mooring.operate.exercises.target import MakeTarget
from mooring.operate.preview import record, tree
from mooring.operate.preview.record import Preview
from mooring.spec import Environment

OWN = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV")
"""Variables that processes of a preview get: a branch's tools must not read this machine's secrets."""


def preview(
    root: Path,
    state: Path,
    environment: str,
    ref: str,
    owner: str,
    seconds: float,
    make: MakeTarget,
    notify: Callable[[str], None],
    opened: Callable[[Preview], None],
    ended: threading.Event,
) -> Preview:
    """Calls `opened` once it serves, and returns after so many seconds, or once `ended` is set; nothing is left then.

    Models and services are simulated, callers need no key and come from this machine alone. This process loses its
    other environment variables. Raises UsageError, Refused, FindingsError with the branch's findings, and what keeps a
    release from being served.
    """
    commit = tree.trusted(root, ref)
    for name in set(os.environ) - set(OWN):
        del os.environ[name]
    with tree.files(root, commit) as files:
        if load_valid(WorkTree(files)).get(Environment, environment) is None:
            raise UsageError(f"{ref} has no environment {environment}", "moor preview ENV --ref REF")
        with scratch(files, environment, make, notify, standby=False) as made:
            pid, started = record.this_process()
            until = time.time() + seconds
            shown = Preview(record.name_of(commit), ref, commit, made.url, owner, until, pid, started)
            file = record.keep(state, shown)
            try:
                opened(shown)
                ended.wait(seconds)
            finally:
                file.unlink(missing_ok=True)
    return shown
