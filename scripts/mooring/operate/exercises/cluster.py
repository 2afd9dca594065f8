"""A copy of an environment in its own cluster and namespace, under another name; nothing that serves is touched."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

from mooring.operate.exercises import documents
from mooring.operate.exercises.client import PATIENCE_SECONDS, Client, Lost, Reply
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.target import InCluster, MakeTarget
from mooring.rollout.ledger import Ledger


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
def beside(root: Path, environment: str, make: MakeTarget, notify: Callable[[str], None]) -> Iterator[Scratch]:
    """Serves the copy from pods of its own; at the end its objects and its schema are gone.

    Raises FindingsError, and what a deployment raises.
    """
    name = named(environment)
    with tempfile.TemporaryDirectory(prefix="moor-drill-") as folder, ExitStack() as stack:
        copy, state = Path(folder) / "repository", Path(folder) / "state"
        bake = documents.bake_seconds(documents.in_cluster(root, environment, copy, name))
        state.mkdir(mode=0o700)
        release = documents.release_of(copy, name)
        target = cast(InCluster, make(copy, release.content.environment, state))
        notify(f"starting {name} beside {environment}")
        target.remove()
        stack.callback(target.remove)
        target.ensure()
        ledger = stack.enter_context(closing(Ledger.of(copy, release.content.environment, state, os.environ)))
        made = Scratch(copy, state, release, target, ledger, notify, bake)
        made.deploy(release)
        yield made
