"""What a supervisor counts: switches, and processes that ended unwanted with what they lost."""

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mooring import metrics as names
from mooring.rollout.state import SLOTS

HELP = {
    names.SWITCHES: "Times that a slot was given the traffic.",
    names.RESTARTS: "Ends of a slot's processes that nobody wanted.",
    names.LOST_REQUESTS: "Requests that were in flight in a slot's processes when these ended.",
}

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
        return {"pid": os.getpid(), "began": BEGAN, "families": list(map(self._family, HELP))}

    def _family(self, name: str) -> dict[str, Any]:
        by_slot = {names.RESTARTS: self.restarts, names.LOST_REQUESTS: self.lost}
        samples = [[f"{name}_total", {"slot": slot}, count] for slot, count in by_slot.get(name, {}).items()]
        return {
            "name": name,
            "what": HELP[name],
            "type": "counter",
            "samples": samples if name in by_slot else [[f"{name}_total", {}, self.switches]],
        }
