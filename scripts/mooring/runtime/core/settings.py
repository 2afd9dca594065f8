"""The settings of a slot that are not in its release."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.models import Model

    from mooring import spec

WrapModel = Callable[["spec.Model", "Model"], "Model"]


@dataclass(frozen=True)
class Settings:
    """`slot` is the slot's colour; this process is number `worker` of its `workers`, the first one is 1.

    `state` is the environment's folder, shared by both slots.

    `simulator_url` has no trailing slash, and is None where nothing is simulated.
    `environ` is where secret references are looked up; it never shows in a log or a `repr`.
    Unless `serving`, agents run, but nothing is stored, watched or resumed; unless `hedging`, one rung at a time.
    `rung` leaves only this rung of those that call a model, as if all others were down.
    What is called outside is called through `transport`, by default over the network. `workers_of` makes what Python
    tools run in of the sources of their modules; by default, processes.
    `peers` says how many pods serve the slot by now, this one included; 1 on one machine.
    `wrap_model` is put around each model, inside its retries: an evaluation records and replays there.
    """

    slot: str
    state: Path
    simulator_url: str | None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    serving: bool = True
    hedging: bool = True
    rung: str | None = None
    transport: "httpx2.AsyncBaseTransport | None" = None
    workers_of: Callable[[Mapping[str, str]], Any] | None = None
    wrap_model: WrapModel | None = None
    worker: int = 1
    workers: int = 1
    peers: Callable[[], int] = lambda: 1

    def share(self, limit: int) -> int:
        """What this process may take of a slot's limit: all take no more than that, but each can take one."""
        return max(1, limit // self.workers)

    def part(self, limit: int) -> int:
        """What this process may take, by now, of a limit that holds for all pods of the slot together."""
        return max(1, self.share(limit) // self.peers())

    def key_of(self, model: "spec.Model") -> str | None:
        """The key of a model; None when it needs none or its variable is not set."""
        return self.environ.get(model.key_variable) if model.key_variable else None
