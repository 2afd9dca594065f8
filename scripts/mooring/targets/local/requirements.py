"""What the supervisor has to know of a release. Read as plain JSON: the slot is who verifies it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Requirements:
    """`drain` and `warm` in seconds; `simulated` when models or services are the simulator's."""

    drain: float = 60
    warm: float = 72 * 3600
    simulated: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Of the release in `path`; the defaults when it cannot be read."""
        try:
            environment = json.loads(path.read_bytes())["environment"]
            rollout = environment["rollout"]
            simulated = "simulated" in (environment["endpoints"], *environment["services"].values())
            return cls(rollout["drainSeconds"], rollout["warm"]["hours"] * 3600, simulated)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()
