"""Deploys in a process of its own, which kills itself after its Nth transition: ROOT STATE DIGEST N [SECRET]."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from mooring.release.store import Store
from mooring.rollout import driver
from mooring.rollout.ledger import Entry, Ledger
from mooring.state.place.location import Location
from mooring.targets import table


class Deadly(Ledger):
    """Appends what it is told, N times."""

    left = int(sys.argv[4])

    def append(self, *arguments: Any) -> Entry:
        entry = super().append(*arguments)
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return entry


if __name__ == "__main__":
    root, state = Path(sys.argv[1]), Path(sys.argv[2])
    release = Store(state / "releases").get(sys.argv[3])
    environment = release.content.environment
    target = table.target(root, environment, state)
    driver.deploy(target, Deadly(Location(state, environment.name, *sys.argv[5:])), driver.Request(release, "ann"))
