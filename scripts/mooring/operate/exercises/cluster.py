"""A copy of an environment in its own cluster and namespace, under another name; nothing that serves is touched."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

from mooring.errors import Refused
from mooring.operate.exercises import documents
from mooring.operate.exercises.client import PATIENCE_SECONDS, Client, Lost, Reply
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.target import InCluster, MakeTarget
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.spec import Environment
from mooring.state.place.location import Location


class Through(Client):
    """Asks by way of the API server: whoever drills need not be in the cluster. Any thread may use it."""

    def __init__(self, target: InCluster, seconds: float = PATIENCE_SECONDS) -> None:
        super().__init__("")
        self._target, self._patience = target, seconds

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        """One exchange. Raises Lost."""
        try:
            status, told, data = self._target.exchange(method, path, body, self._patience)
        except OSError as error:
            raise Lost(str(error) or type(error).__name__) from None
        try:
            found = json.loads(data)
        except ValueError:
            found = {}
        kept = found if isinstance(found, dict) else {}
        return Reply(status, told.get("x-mooring-rung", ""), told.get("x-mooring-slot", ""), kept)


def named(environment: str) -> str:
    """What the copy is called. There is one at a time: what a drill that was killed has left, the next one removes."""
    return f"{environment}-drill"


@contextmanager
def alone(state: Path, environment: Environment, actor: str) -> Iterator[lease.Renewal]:
    """Holds the lease on the only copy of an environment. Refused(LOCKED) says who else drills it.

    It is in the environment's own database, which outlives the copy's. `state` is a folder to work in.
    """
    reference = environment.database.secret_ref if environment.database else None
    with closing(Ledger(Location(state, environment.name, reference))) as ledger:
        try:
            held = lease.acquire(ledger, f"{environment.name}/drill", actor, "drill")
        except Refused as refused:
            if refused.reason is not Reason.LOCKED:
                raise
            what = f"another live drill of {environment.name} runs: {refused}"
            raise Refused(Reason.LOCKED, what, "wait until it has ended") from None
        with lease.Renewal(ledger, held) as renewal:
            yield renewal


def cleared(target: InCluster, renewal: lease.Renewal) -> None:
    """Removes the copy, unless another drill has taken it for its own since this process slept."""
    if not renewal.lost:
        target.remove()


@contextmanager
def beside(
    root: Path, document: Environment, make: MakeTarget, notify: Callable[[str], None], actor: str
) -> Iterator[Scratch]:
    """Serves the copy from pods of its own; at the end its objects and its schema are gone.

    Raises FindingsError, what a deployment raises, Refused(GUARDED) with every verb that whoever drills lacks, and
    Refused(LOCKED) during another drill of the environment; nothing was changed then.
    """
    environment, name = document.name, named(document.name)
    with tempfile.TemporaryDirectory(prefix="moor-drill-") as folder, ExitStack() as stack:
        copy, state, own = (Path(folder) / part for part in ("repository", "state", "own"))
        bake = documents.bake_seconds(documents.in_cluster(root, environment, copy, name))
        for each in (state, own):
            each.mkdir(mode=0o700)
        release = documents.release_of(copy, name)
        target = cast(InCluster, make(copy, release.content.environment, state))
        target.drillable()
        renewal = stack.enter_context(alone(own, document, actor))
        notify(f"starting {name} beside {environment}")
        target.remove()
        stack.callback(cleared, target, renewal)
        target.ensure()
        ledger = stack.enter_context(closing(Ledger.of(copy, release.content.environment, state, os.environ)))
        made = Scratch(copy, state, release, target, ledger, notify, bake)
        made.deploy(release)
        yield made
