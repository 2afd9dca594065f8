"""What a supervisor looks after now and then, by the ledger: standbys whose time is over, rollouts that were left
half-done, hotfixes whose time is over, and what another machine made live."""

import logging
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, State, other
from mooring.state.place.location import kept, locate
from mooring.state.records import machines
from mooring.state.records.machines import Machine
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory
from mooring.targets.local.presence import Presence
from mooring.targets.local.requirements import Requirements

AGAIN = 10.0
"""Seconds from one attempt to the next when it failed."""

OTHERS = 15.0
"""Seconds that a rollout which was left is the business of its own machine alone."""

ELSEWHERE = 4
"""How the process ends that was to follow to a release of a cluster."""

log = logging.getLogger("mooring.supervisor")


@dataclass(frozen=True, slots=True)
class Seen:
    """The ledger at one moment; `held` says whether somebody holds the lease."""

    seq: int
    machine: str
    state: State
    held: bool


NOTHING = Seen(0, "", State(), held=False)


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
        self._seen = NOTHING
        self._left = (0, 0.0)
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
        newest = ledger.entries(1, self._environment)
        held = lease.holder(ledger, self._environment) is not None
        self._seen = NOTHING
        if newest:
            self._seen = Seen(newest[0].seq, newest[0].machine, State.read(newest[0].state), held)
        if self._seen.state.phase is Phase.IDLE or held or self._left[0] != self._seen.seq:
            self._left = (self._seen.seq, time.monotonic())
        if self.behind is None:
            self._behind_since, self._why = 0.0, ""
        self._behind_since = self._behind_since or time.time()
        self.presence.say(ledger, self._here, self._seen.seq)

    @property
    def behind(self) -> str | None:
        """The release that is live by the ledger and not here."""
        state = self._seen.state
        if state.phase is not Phase.IDLE or state.live is None or state.live.digest == self._here:
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
        busy = self._seen.state.phase is not Phase.IDLE or self.behind is not None
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
        if seen.state.phase is not Phase.IDLE:
            ours = seen.machine in ("", self._memory.machine)
            due = not seen.held and (ours or time.monotonic() - self._left[1] > OTHERS)
            return ([], "a rollout was left half-done; recovering") if due else None
        if seen.state.hotfix and seen.state.hotfix.over(time.time()) and not seen.held and not self.behind:
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
