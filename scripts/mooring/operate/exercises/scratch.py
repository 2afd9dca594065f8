"""A scratch copy of an environment: its release served by real processes, in a folder that goes away with them."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mooring.errors import Failed, Stopped
from mooring.operate.exercises import documents
from mooring.operate.exercises.leftovers import cleared
from mooring.operate.exercises.relay import Relay, relayed
from mooring.operate.exercises.target import MakeTarget, Target
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import other
from mooring.rollout.target import SlotFacts
from mooring.rollout.target import Target as RolloutTarget

T = TypeVar("T")
Notify = Callable[[str], None]

ACTOR = "drill"
READY_SECONDS = 60.0
"""How long processes that were killed may take to be replaced before a drill gives up."""


@dataclass
class Scratch:
    """The copy, running. `release` is what its documents make; `state` its folder, `root` its repository.

    `bake` is for how many seconds the environment itself watches a release.
    """

    root: Path
    state: Path
    release: Release
    target: Target
    ledger: Ledger
    notify: Notify
    bake: float
    relay: Relay | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.target.status().url)

    @property
    def live(self) -> SlotFacts:
        """The slot that has the traffic. Failed(PROCESS) when none has."""
        facts = self.target.facts()
        if facts.live is None:
            raise Failed(Reason.PROCESS, f"nothing is live in the copy of {self.target.environment}")
        return facts.slots[facts.live.slot]

    def deploy(self, release: Release, target: RolloutTarget | None = None) -> None:
        """Makes a release live. Raises as a deployment does."""
        driver.deploy(target or self.target, self.ledger, driver.Request(release, ACTOR), lambda _line: None)

    @property
    def spare(self) -> bool:
        """Whether a spare process stands by when all is well."""
        environment = self.release.content.environment
        wanted, developing = environment.serving.spare, environment.tier == "development"
        return len(self.live.workers) == 1 and not developing if wanted is None else wanted

    def whole(self) -> bool:
        """Whether all processes are there that an environment has at rest: live, warm, and the spare one."""
        facts = self.target.facts()
        if facts.live is None or not facts.slots[facts.live.slot].ready:
            return False
        live, idle = facts.slots[facts.live.slot], facts.slots[other(facts.live.slot)]
        return (idle.ready or idle.digest is None) and (live.spare == "ready" or not self.spare)

    def rest(self) -> None:
        """Returns when all processes are there again, however often they died. Raises Failed(DEADLINE)."""
        facts = self.target.facts()
        if facts.live and facts.slots[facts.live.slot].ready:
            # Ends of its processes are counted from now on: the pause before the next start grows with them.
            self.target.switch(facts.live, facts.token)
        self.wait(self.whole, "the processes of the copy are not all ready", READY_SECONDS)

    def wait(self, holds: Callable[[], T], what: str, seconds: float) -> T:
        """What a call returns as soon as that is true of it. Raises Failed(DEADLINE)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if value := holds():
                    return value
            except Stopped:
                pass  # a process that does not answer now may answer soon
            time.sleep(0.05)
        raise Failed(Reason.DEADLINE, f"{what} after {seconds:.0f} s")


def _nothing(_root: Path, _state: Path) -> None:
    """Prepares nothing."""


@contextmanager
def scratch(
    root: Path,
    environment: str,
    make: MakeTarget,
    notify: Notify,
    *,
    prepare: Callable[[Path, Path], None] = _nothing,
    standby: bool = True,
    relay: bool = False,
) -> Iterator[Scratch]:
    """Serves a copy of an environment's documents; at the end nothing is left of it, processes or files.

    `prepare` is called with the copy's repository and state folder before anything starts. With `standby`, another
    release is warm in the idle slot, as after any deployment. With `relay`, all calls of slots go through one.
    Raises FindingsError, and what a deployment raises.
    """
    folder = tempfile.mkdtemp(prefix="moor-drill-")
    with ExitStack() as stack:
        stack.enter_context(cleared(secrets.token_hex(8), folder))
        copy, state = Path(folder) / "repository", Path(folder) / "state"
        bake = documents.bake_seconds(documents.copied(root, environment, copy))
        state.mkdir(mode=0o700)
        prepare(copy, state)
        release = documents.release_of(copy, environment)
        notify(f"starting a copy of {environment}")
        between = stack.enter_context(relayed(copy / documents.RULES, state)) if relay else None
        target = make(copy, release.content.environment, state)
        target.ensure()
        ledger = stack.enter_context(closing(Ledger.of(copy, release.content.environment, state, os.environ)))
        made = Scratch(copy, state, release, target, ledger, notify, bake, between)
        if standby:
            made.deploy(documents.variant(release, "What was live before, for a live drill."))
        made.deploy(release)
        made.rest()
        yield made
