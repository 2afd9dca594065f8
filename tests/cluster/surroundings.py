"""What the containers of a pod share, and how one of them is prepared to run."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.cluster import account
from tests.cluster.images import Image
from tests.cluster.process import Process
from tests.cluster.sources import Paths, Sources, expanded, mounts

Json = dict[str, Any]


class Happening(Protocol):
    """Called with the reason and the message of an event."""

    def __call__(self, reason: str, message: str) -> None: ...


@dataclass(frozen=True)
class Surroundings:
    """`second` is how long a second of probes and back-off lasts; `changed` is called when a status has changed."""

    pod: str
    images: Mapping[str, Image]
    sources: Sources
    folder: Path
    address: str
    grace: float
    second: float
    changed: Callable[[], None]
    happened: Happening

    async def prepare(self, container: Json, image: Image, number: int) -> Process:
        """The `number`th process of a container, with all that the cluster gives to it. Raises Unresolved."""
        folder = self.folder / "containers" / container["name"]
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        log, message = folder / f"{number}.log", folder / f"{number}.message"
        log.touch()
        given = {"HOSTNAME": self.pod, "HOME": str(home), **image.environ, **await self.sources.environ(container)}
        paths = self.paths(container, message)
        command = container.get("command") or image.command
        arguments = container.get("args") or (() if container.get("command") else image.arguments)
        words = [paths.here(expanded(word, given)) for word in (*command, *arguments)]
        place = Path(paths.here(container["workingDir"])) if "workingDir" in container else image.folder or home
        environ = {name: paths.here(value) for name, value in given.items()}
        before, more = self._account(container, folder, environ)
        identity = f"standin://{uuid.uuid4().hex}"
        return Process(words, environ | more, place, log, message, paths, identity, before)

    def _account(
        self, container: Json, folder: Path, environ: Mapping[str, str]
    ) -> tuple[Sequence[str], dict[str, str]]:
        """What stands before the command, and variables, where the container mounts its service account."""
        mounted = dict(mounts(container, self.folder / "volumes")).get(account.FOLDER)
        if mounted is None:
            return (), {}
        if before := account.entered(mounted, folder):
            return before, {}
        return (), {"KUBECONFIG": str(account.kubeconfig(mounted, folder, environ))}

    def paths(self, container: Json, message: Path) -> Paths:
        last_words = container.get("terminationMessagePath", "/dev/termination-log")
        return Paths({**dict(mounts(container, self.folder / "volumes")), last_words: message})
