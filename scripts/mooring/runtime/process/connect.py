"""Connects a worker's runtime with what its process knows: whether it accepts, and the other workers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mooring.runtime.process.siblings import Siblings

if TYPE_CHECKING:
    from mooring.runtime.runtime import Runtime
    from mooring.runtime.watch.health.check import Check

CHECKING = 6.0
"""Seconds that another worker has for all its checks: a little more than one of them may take."""

FRESH = 1.0
"""Seconds that what it said is kept."""


def connect(runtime: "Runtime", siblings: Siblings, accepting: Callable[[], bool]) -> None:
    """Before that, a runtime behaves as one that accepts and is alone."""
    runtime.others = runtime.runs.others = siblings
    runtime.health.live = accepting
    runtime.health.siblings = [_check(siblings, worker) for worker in siblings.numbers]


def _check(siblings: Siblings, worker: int) -> "Check":
    """One check for everything that another worker looks at in itself."""
    from mooring.runtime.watch.health.check import Check, Seen

    async def look() -> Seen:
        answer = await siblings.ask(worker, "GET /checks", CHECKING)
        if answer is None:
            return Seen(False, "it does not answer")
        failing = [f"{each['layer']}/{each['name']}" for each in answer["checks"] if not each["ok"]]
        return Seen(not failing, ", ".join(failing))

    return Check("process", f"worker-{worker}", look, patience=CHECKING + 1, fresh=FRESH)
