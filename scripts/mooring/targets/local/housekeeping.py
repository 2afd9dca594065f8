"""What a supervisor looks after now and then, by the ledger: standbys whose time is over, rollouts that were left
half-done, hotfixes whose time is over, and what another machine made live."""

import logging
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mooring.rollout.ledger import Ledger
from mooring.rollout.state import other
from mooring.rollout.unfinished import AGAIN, Seen, Unfinished
from mooring.state.place.location import kept, locate
from mooring.state.records import machines
from mooring.state.records.machines import Machine
from mooring.targets.host import folders
from mooring.targets.host.memory import Memory
from mooring.targets.host.presence import Presence
from mooring.targets.host.requirements import Requirements

ELSEWHERE = 4
"""How the process ends that was to follow to a release of a cluster."""

log = logging.getLogger("mooring.supervisor")


class Housekeeping:
    """One environment's. `command` starts a process that acts for it; `environ` are its variables.

    Methods wait for the database and for processes, so they are to be called in a thread, one after the other.
    """

    def __init__(
        self,
        root: Path,
        state: Path,
        environment: str,
        memory: Memory,
        command: Sequence[str],
        environ: Callable[[], Mapping[str, str]],
    ) -> None:
        self._root, self._state, self._environment, self._memory = root, state, environment, memory
        self._command, self._environ = command, environ
        self._ledger: Ledger | None = None
        self.presence = Presence(Machine(memory.machine, machines.host(), str(state.resolve())))
        self._seen = Seen()
        self._unfinished = Unfinished()
        self._behind_since = 0.0
        self._why = ""
        self._elsewhere: str | None = None
        self._acting: subprocess.Popen[str] | None = None
        self._next = 0.0
        self._over = False

    # --- what is there ---

    def enter(self) -> None:
        """Begins. Refused(GUARDED) when the database is a file that another machine uses; raises MooringError."""
        shared = locate(self._root, self._environment, self._state).variable is not None
        if not shared and (ledger := self._opened()):
            self.presence.enter(ledger)

    def look(self) -> None:
        """Reads the ledger, and says that this machine is there. Raises MooringError."""
        try:
            if ledger := self._opened():
                self._read(ledger)
        except BaseException:
            self._forget()  # the next time it is opened with what is known then
            raise

    def _read(self, ledger: Ledger) -> None:
        self._seen = Seen.read(ledger, self._environment)
        self._unfinished.look(self._seen)
        if self.behind is None:
            self._behind_since, self._why = 0.0, ""
        self._behind_since = self._behind_since or time.time()
        self.presence.say(ledger, self._here, self._seen.seq)

    @property
    def behind(self) -> str | None:
        """The release that is live by the ledger and not here."""
        state = self._seen.state
        if not self._seen.idle or state.live is None or state.live.digest == self._here:
            return None
        return state.live.digest

    def data(self) -> dict[str, Any]:
        """How this machine stands to the ledger and to others, JSON-able. Times are Unix time."""
        digest = self.behind
        behind = {"release": digest, "since": self._behind_since, "why": self._why} if digest else None
        others = [asdict(one) for one in self.presence.others]
        return {"entry": self._seen.seq, "behind": behind, "others": others, "ahead": round(self.presence.ahead, 3)}

    def close(self) -> None:
        """Ends what acts for it, starts nothing more, and says that this machine is there no more."""
        self._over = True
        if self._acting and self._acting.poll() is None:
            self._acting.terminate()
        if self._ledger:
            self.presence.leave(self._ledger)

    # --- what is to be done ---

    def cold(self) -> str | None:
        """The standby slot, when it was warm for as long as the live release's environment says."""
        if self._memory.live is None:
            return None
        standby = self._memory.slots[other(self._memory.live)]
        live = self._here
        if standby.digest is None or live is None or not standby.idle_since:
            return None
        warm = Requirements.read(folders.release_file(self._state, live)).warm
        busy = not self._seen.idle or self.behind is not None
        return None if time.time() - standby.idle_since < warm or busy else other(self._memory.live)

    def act(self) -> None:
        """Starts the process that does what is due, unless one is at it."""
        if self._acting:
            code = self._acting.poll()
            if code is None:
                return
            self._why = (self._acting.stdout.read().strip() if self._acting.stdout else "") if code else ""
            self._next = time.monotonic() + AGAIN if code else 0.0
            if code == ELSEWHERE:
                self._elsewhere = self.behind
            self._acting = None
        due = None if self._moved else self._due()
        if due is None or self._over or time.monotonic() < self._next:
            return
        what, why = due
        log.info("%s", why)
        self._acting = subprocess.Popen(
            [*self._command, *what], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=self._environ()
        )

    def missing(self) -> list[str]:
        """Releases that slots are to hold and whose files are not here."""
        wanted = {slot.digest for slot in self._memory.slots.values() if slot.digest}
        return sorted(digest for digest in wanted if not folders.release_file(self._state, digest).exists())

    def fetch(self) -> None:
        """Makes the files of missing releases, and waits until they are there."""
        if missing := self.missing():
            command = [*self._command, "--fetch", *missing]
            subprocess.run(command, stdin=subprocess.DEVNULL, env=self._environ(), check=False)

    def _due(self) -> tuple[list[str], str] | None:
        """Options of the process, and why it is started."""
        if missing := self.missing():
            return ["--fetch", *missing], f"the files of {len(missing)} releases are missing; fetching them"
        seen = self._seen
        if not seen.idle:
            due = self._unfinished.due(seen, self._memory.machine)
            return ([], "a rollout was left half-done; recovering") if due else None
        if seen.expired and not seen.held and not self.behind:
            return [], "the time of a hotfix is over; going back"
        if self.behind:
            return ["--follow"], f"{self.behind} is live by the ledger and not here; following"
        return None

    @property
    def _moved(self) -> bool:
        """Whether what is live was made for a cluster, whose keeper does all of this."""
        live = self._seen.state.live
        return live is not None and live.digest == self._elsewhere

    @property
    def _here(self) -> str | None:
        return self._memory.slots[self._memory.live].digest if self._memory.live else None

    def _opened(self) -> Ledger | None:
        """The ledger; None while there is none. It stays open until its environment's state is elsewhere."""
        where = locate(self._root, self._environment, self._state)
        if where.variable is None and not kept(self._state):
            return None
        if self._ledger is None or self._ledger.location != where:
            self._forget()
            self._ledger = Ledger.of(self._root, self._environment, self._state, self._environ())
        return self._ledger

    def _forget(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
