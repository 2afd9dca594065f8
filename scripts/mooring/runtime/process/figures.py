"""What a worker has counted, for whoever adds up the figures of all processes of an environment."""

import os
import time
from typing import TYPE_CHECKING, Any

from mooring.runtime.core.logs import LOGGER

if TYPE_CHECKING:
    from mooring.runtime.process.slot import Slot

BEGAN = time.time()
"""When this process began. With its number it names the process, as the number alone does not."""


def figures(slot: "Slot", packed: bool = False) -> dict[str, Any]:
    """JSON-able. `families` are its metrics; requests are in `counts`, which outlives the process, instead.

    `packed` is for who asks again and again, and says that it reads them so; files keep the form of all versions.
    """
    from mooring.runtime.watch.reading import families

    metrics = getattr(slot.runtime, "metrics", None)
    return {
        "slot": slot.options.slot,
        "worker": slot.options.worker,
        "digest": slot.options.digest,
        "pid": os.getpid(),
        "began": BEGAN,
        "ready": slot.ready()[0],
        "accepting": slot.accepting,
        "counts": slot.runtime.accounting.data() if slot.runtime else {},
        "families": families(metrics.registry, packed) if metrics else [],
    }


def leave(slot: "Slot") -> None:
    """Leaves the last figures in the state folder, where they are found whether or not somebody asks now."""
    from mooring.runtime.watch import last_figures

    try:
        last_figures.leave(slot.options.state, figures(slot))
    except Exception:  # noqa: BLE001 - whatever it is, a process that ends has nothing more to lose but its requests
        LOGGER.exception("cannot leave the last figures")
