"""What a supervisor counts: switches, and processes that ended unwanted with what they lost."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mooring.rollout.state import SLOTS
from mooring.runtime.watch import environment_names as names

BEGAN = time.time()
"""When this process began. With its number it names the process."""


@dataclass
class Counted:
    """Since this supervisor began; whoever asks adds up those of earlier ones. `restarts` and `lost` are by slot."""

    switches: int = 0
    restarts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(SLOTS, 0)))
    lost: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(SLOTS, 0)))

    def figures(self) -> dict[str, Any]:
        """JSON-able, in the shape of a worker's."""
        return {"pid": os.getpid(), "began": BEGAN, "families": list(map(self._family, _LABELS))}

    def _family(self, name: str) -> dict[str, Any]:
        by_slot = {names.RESTARTS: self.restarts, names.LOST: self.lost}
        samples = [[f"{name}_total", {names.SLOT: slot}, count] for slot, count in by_slot.get(name, {}).items()]
        return {
            "name": name,
            "what": names.HELP[name],
            "type": "counter",
            "samples": samples if name in by_slot else [[f"{name}_total", {}, self.switches]],
        }


_LABELS = (names.SWITCHES, names.RESTARTS, names.LOST)
