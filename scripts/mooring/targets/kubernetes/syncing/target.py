"""The Kubernetes target whose changes are commits. Each step of a rollout is one, and says what it is for."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.errors import UsageError
from mooring.rollout.state import Side
from mooring.spec.target import Git
from mooring.targets.kubernetes import look, names
from mooring.targets.kubernetes.place import place
from mooring.targets.kubernetes.syncing.branch import Branch
from mooring.targets.kubernetes.syncing.synced import SyncedApi
from mooring.targets.kubernetes.target import Kubernetes

if TYPE_CHECKING:
    from mooring.release.content import ReleaseContent
    from mooring.release.release import Release
    from mooring.spec.environment import Environment

ONCE = "what the environment has once"


def kubernetes(root: Path, environment: "Environment | str", state: Path) -> Kubernetes:
    """The target of an environment in a cluster: one that asks the API server, or one that commits."""
    direct = place(root, environment, state).apply == "direct"
    return (Kubernetes if direct else Synced)(root, environment, state)


class Synced(Kubernetes):
    """Writes to a branch that Argo CD or Flux carries out, and waits until the cluster says so."""

    SETTLE = 0.0
    """The keeper makes no commits, so what is to be said to an autoscaler is said at the end of a rollout."""

    @cached_property
    def api(self) -> SyncedApi:
        """Reads from the cluster, writes to the branch."""
        how = self.target.apply
        if not isinstance(how, Git):
            raise UsageError(f"{self.environment} is changed directly", "target.apply: {git: {}} in its document")
        git = how.git
        branch = Branch(self.root, git.remote, git.branch, f"{git.folder}/{self.environment}")
        return SyncedApi(self.target.context, self.target.namespace, self.environment, branch, git.wait_seconds)

    def fence(self, token: int) -> None:
        """Makes older tokens void: in the branch, which is where writes are checked."""
        with self.api.step(f"a rollout begins, with token {token}", token=token, wait=False):
            super().fence(token)

    def stage(self, side: Side, token: int) -> None:
        """Commits a release into the idle slot, and returns when the cluster has its Deployment."""
        with self.api.step(f"stage {_said(side)}", token=token):
            super().stage(side, token)

    def switch(self, to: Side, token: int) -> float:
        """Commits that traffic goes to a slot, and returns when its pods alone get requests; milliseconds."""
        with self.api.about(f"traffic goes to {_said(to)}"):
            return super().switch(to, token)

    def rest(self, side: Side, token: int) -> None:
        """Commits what a standby keeps."""
        with self.api.step(f"{side.slot} stands by", token=token, wait=False):
            super().rest(side, token)

    def discard(self, side: Side, token: int, instead: str | None) -> None:
        """Commits that a release is no more in the idle slot."""
        with self.api.step(f"{_said(side)} is taken out", token=token):
            super().discard(side, token, instead)

    def restart(self, name: str | None = None) -> str:
        """Commits that pods are to be replaced."""
        with self.api.about(f"restart {name or 'the live slot'}"):
            return super().restart(name)

    def down(self) -> bool:
        """Commits that there are no pods."""
        with self.api.about("all pods stop"):
            return super().down()

    def _announce(self, to: Side, seen: look.Seen, token: int) -> None:
        """As one commit, which nothing waits for."""
        self._tell_pods(to, seen)
        with self.api.step(f"{to.slot} has the traffic", token=token, wait=False):
            for note in self._notes(to, seen, token):
                note()

    def put(self, release: "Release") -> None:
        """Keeps a release in the database, and commits what its environment has once."""
        with self.api.step(ONCE):
            super().put(release)

    def _apply_service(self) -> None:
        with self.api.step(ONCE):
            super()._apply_service()

    def _apply_shared(self, content: "ReleaseContent") -> None:
        with self.api.step(ONCE):
            super()._apply_shared(content)


def _said(side: Side) -> str:
    return f"{names.short(side.digest)[:12]} in {side.slot}"
