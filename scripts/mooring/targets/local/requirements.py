"""What the supervisor has to know of a release. Read as plain JSON: the slot is who verifies it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Requirements:
    """`drain` and `warm` in seconds; `simulated` when models or services are the simulator's; `spare` when a spare
    process of the live release stands ready; `access` when callers need keys."""

    drain: float = 60
    warm: float = 72 * 3600
    simulated: bool = False
    spare: bool = False
    access: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads those of the release in `path`; the defaults when it cannot be read."""
        try:
            environment = json.loads(path.read_bytes())["environment"]
            rollout = environment["rollout"]
            simulated = "simulated" in (environment["endpoints"], *environment["services"].values())
            wanted = environment["serving"].get("spare")
            spare = environment["tier"] != "development" if wanted is None else bool(wanted)
            access = environment.get("access") is not None
            return cls(rollout["drainSeconds"], rollout["warm"]["hours"] * 3600, simulated, spare, access)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()
