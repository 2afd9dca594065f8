"""`python -m mooring.operate.export.exporter`: follows the database of an environment, and copies it when that is due.

The supervisor keeps it running. Whatever fails is logged and tried again; of several exporters of one database one
works, and the others wait for its lease. It ends with its supervisor.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from mooring.errors import Refused, Stopped
from mooring.operate.export.copying import copy
from mooring.operate.export.source import Source
from mooring.operate.export.stream import Progress, Stream
from mooring.release.verify import verify_file
from mooring.runtime.core.logs import configure
from mooring.state.place.location import Location, deployed
from mooring.state.records import changes

EVERY = 1.0
"""Seconds from one look into the queue to the next."""

AGAIN, LONGEST = 2.0, 60.0
"""Seconds to wait after the first failure, and at most."""

log = logging.getLogger("mooring.exporter")


class Exporter:
    """Follows a database wherever it is moved, until `ended` is set.

    It ends by itself where it cannot follow, as without the variable that names the new place; `where` says that the
    state is elsewhere.
    """

    def __init__(self, source: Source, where: Callable[[], Location]) -> None:
        self._where, self._begun = where, where()
        self.ended = threading.Event()
        self._source = source
        self._copying: threading.Thread | None = None
        self._through = source.state / changes.THROUGH
        self._said = ""
        self._next = 0.0

    def run(self) -> None:
        """Follows and copies. Raises nothing that was to be expected."""
        pause = AGAIN
        while not self.ended.is_set():
            try:
                self._follow()
            except Stopped as stopped:
                self._tell(str(stopped))
                if self._moved():
                    log.info("the state was moved; ending, to be started anew")
                    break
                self.ended.wait(min(pause, LONGEST) if not isinstance(stopped, Refused) else AGAIN)
                pause *= 2
            else:
                pause = AGAIN
        self._through.unlink(missing_ok=True)
        if self._copying:
            self._copying.join()

    def _moved(self) -> bool:
        with suppress(Stopped):
            return self._where() != self._begun
        return False

    def _follow(self) -> None:
        """Until it fails or is to end."""
        with self._source.lease("stream") as lease:
            stream = Stream(self._source)
            progress = stream.begin()
            self._tell("")
            log.info("following the database from segment %d of %s on", progress.next, progress.epoch)
            while not self.ended.is_set():
                lease.renew()
                progress, sent = stream.ship(progress)
                self._say(progress.through)
                self._copy(progress)
                if not sent:
                    self.ended.wait(EVERY)

    def _say(self, through: float) -> None:
        with suppress(OSError):
            self._through.write_text(f"{through:.3f}")

    def _copy(self, progress: Progress) -> None:
        """Begins a copy when one is due, beside the stream: one may take minutes."""
        if time.monotonic() < self._next or (self._copying and self._copying.is_alive()):
            return
        known = self._source.read(lambda connection: changes.known(connection, "copy"))
        due = self._source.document.every_minutes * 60
        # Copies of one engine cannot be restored into the other.
        engine = "sqlite" if self._source.address.file else "postgresql"
        same = known is not None and (known.get("epoch"), known.get("engine")) == (progress.epoch, engine)
        if known is None or not same or time.time() - known["seen"] >= due:
            self._copying = threading.Thread(target=self._copied, daemon=True)
            self._copying.start()

    def _copied(self) -> None:
        try:
            made = copy(self._source, gently=True)
            self._tell("")
            log.info("copied in %.1f s: %d new parts", made.seconds, made.sent)
        except Stopped as stopped:
            self._tell(str(stopped))
            self._next = time.monotonic() + LONGEST

    def _tell(self, said: str) -> None:
        """Logs a problem once, and writes it where `moor status` looks; nothing when all is well."""
        if said and said != self._said:
            log.warning("%s", said)
        if said != self._said:
            with suppress(Stopped):
                self._source.write(lambda connection: changes.tell(connection, "problem", time.time(), said=said))
        self._said = said


def main(argv: Sequence[str]) -> int:
    """Runs until told to end, or until its parent has ended."""
    configure(sys.stderr)
    log.setLevel(logging.INFO)
    os.umask(0o077)
    with suppress(OSError):
        os.nice(10)  # who is served comes first
    parser = argparse.ArgumentParser(prog="mooring.operate.export.exporter")
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--owner", default="", help="the name under which it holds leases")
    options = parser.parse_args(argv)
    try:
        content = verify_file(options.release).content
        exported, state = content.exports[content.environment.export or ""], options.state
        where = partial(deployed, state, content.environment)
        address = where().found(os.environ)
        source = Source(content.environment.name, address, exported, state, owner=options.owner)
        exporter = Exporter(source, where)
    except Stopped as stopped:
        log.error("%s", stopped)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: exporter.ended.set())
    threading.Thread(target=_watch, args=(os.getppid(), exporter.ended), daemon=True).start()
    exporter.run()
    return 0


def _watch(parent: int, ended: threading.Event) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    ended.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
