"""Carries out a branch as Argo CD does with automated sync, prune and self-heal, again and again."""

import subprocess
import threading
from pathlib import Path
from typing import Any, Self

import yaml

from mooring.targets.kubernetes import kinds, names
from mooring.targets.kubernetes.api import Api

PERIOD = 0.5
"""Seconds from one look at the branch to the next."""

ORDER = (
    *("NetworkPolicy", "ServiceAccount", "Role", "RoleBinding", "Service"),
    *("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
)
"""Of kinds, as Argo CD applies them: what others need comes first."""


class Syncer:
    """A thread. `seen` are the commits it carried out, the newest last; `wrong` what it could not do."""

    MANAGER = "argocd-controller"

    def __init__(self, remote: Path, branch: str, folder: str, environment: str, namespace: str) -> None:
        self.remote, self.branch, self.folder, self.environment = remote, branch, folder, environment
        self.api = Api(None, namespace)
        self.seen: list[str] = []
        self.wrong: list[str] = []
        self._end = threading.Event()
        self._read: tuple[str, list[dict[str, Any]]] = ("", [])
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)
        self.api.close()

    def _run(self) -> None:
        while not self._end.wait(PERIOD):
            try:
                self.sync()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                self.wrong.append(repr(error))

    def sync(self) -> None:
        head = self._git("rev-parse", "--verify", "--quiet", self.branch)
        if not head:
            return
        if self._read[0] != head:
            self._read = (head, self._objects(head))
        wanted = self._read[1]
        for one in sorted(wanted, key=lambda one: ORDER.index(one["kind"])):
            self.api.apply(one, self.MANAGER, force=True)
        self._prune({(one["kind"], one["metadata"]["name"]) for one in wanted})
        if head not in self.seen:
            self.seen.append(head)

    def _objects(self, head: str) -> list[dict[str, Any]]:
        paths = self._git("ls-tree", "-r", "--name-only", head, "--", self.folder).splitlines()
        return [one for path in paths for one in yaml.load_all(self._git("show", f"{head}:{path}"), yaml.CSafeLoader)]

    def _prune(self, wanted: set[tuple[str, str]]) -> None:
        """Deletes what carries the label and is not in the branch any more, but nothing that controllers made."""
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
            for found in self.api.list(kind, names.labels(self.environment)):
                name = found["metadata"]["name"]
                if (kind, name) not in wanted:
                    self.api.send("DELETE", kinds.path(self.api.namespace, kind, name), missing=True)

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", self.remote, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip("\n")
