"""Takes over what earlier versions kept in files: releases, the evidence about them, and callers' keys.

The files stay. They are copies from then on, which processes of this machine start from, also those of the earlier
version that are still there. Nothing is copied twice, so every start may ask.
"""

import logging
import time
from pathlib import Path

import sqlalchemy as sa

from mooring.errors import Refused, Stopped
from mooring.release.store import RELEASES, Store
from mooring.state.migrations import fence
from mooring.state.records import evidence, keys, keys_copy, releases

EVIDENCE = "evaluations"
"""The folder, in the state folder."""

_LOGGER = logging.getLogger("mooring.runtime")


def take_over(engine: sa.Engine, folder: Path) -> None:
    """Copies what the database does not have. What cannot be read is logged. Raises SQLAlchemyError, Unavailable."""
    try:
        _releases(engine, Store(folder / RELEASES), folder / EVIDENCE)
        _keys(engine, folder)
    except (OSError, ValueError, Stopped) as error:
        _LOGGER.error("%s cannot be taken over now: %s", folder, error)


def _releases(engine: sa.Engine, files: Store, verdicts: Path) -> None:
    """With the evidence about each."""
    with engine.connect().execution_options(mooring_read=True) as connection:
        missing = set(files.digests()) - set(releases.digests(connection))
    for digest in sorted(missing):
        try:
            content = files.get(digest).to_bytes()
        except Stopped as error:
            _LOGGER.error("a release cannot be taken over, and stays as it is: %s", error)
            continue
        with engine.begin() as connection:
            fence.ask(connection)
            for path in verdicts.glob(f"{digest.removeprefix('sha256:')}.*.json"):
                try:
                    evidence.put(connection, path.read_bytes(), path.stat().st_mtime)
                except Refused as error:
                    _LOGGER.error("%s cannot be taken over, and stays as it is: %s", path, error)
            releases.put(connection, digest, content, time.time())


def _keys(engine: sa.Engine, folder: Path) -> None:
    found = keys_copy.read(folder)
    if found is None or found.change is not None:
        return
    with engine.begin() as connection:
        fence.ask(connection)
        keys.change(connection)
        keys.add(connection, found.keys)
        all_keys, change = keys.read(connection), keys.changes(connection)
    keys_copy.write(folder, change, all_keys)
