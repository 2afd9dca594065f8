"""An environment in a namespace of the test cluster: real pods, with a light app in them."""

import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Namespace, Secret, ServiceAccount

from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import locate
from mooring.targets.kubernetes.target import Kubernetes
from tests.cluster.control_plane import ControlPlane
from tests.cluster.images import Image
from tests.cluster.node import Node
from tests.cluster.router import Router
from tests.repository import until
from tests.targets.house import AnyHouse

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
IMAGE = f"registry.test/mooring@sha256:{'a' * 64}"
SECRET = "mooring"
VARIABLE = "STATE_URL"
SECOND = 0.5
"""How long a second of probes lasts: a pod has half a minute to start, also on a machine that is busy."""

KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "RECIPIENT", "SLACK_SIGNING_SECRET", "SLACK_TOKEN")
"""What the release of tests/golden/content.yaml names beside the database."""


def image_of(folder: Path, light: bool = True, root: Path | None = None, keeps: bool = False) -> Image:
    """Its `python -m` runs this repository's code; when `light`, a light pod and a keeper that does nothing, unless it
    `keeps`.

    `folder` is not below /tmp, which is a volume of pods; the repository may be, and so is linked there.
    """
    (folder / "bin").mkdir(parents=True)
    (folder / "repository").symlink_to(ROOT)
    python = folder / "bin/python"
    pod = ROOT / "tests/targets/kubernetes/light_pod.py"
    idle = "" if keeps else "*.keeper) exec sleep 3600;; "
    case = f'case "$2" in {idle}*.pod) shift; exec {sys.executable} {pod} "$@";; esac\n'
    python.write_text(f'#!/bin/sh\n{case if light else ""}exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    sources = folder / "repository"
    environ = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": f"{sources / 'scripts'}:{sources}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Image(environ=environ | ({"MOORING_ROOT": str(root)} if root else {}))


@dataclass
class Place:
    """Where environments of tests can be: a namespace of a cluster, and an empty database."""

    plane: ControlPlane
    nodes: list[Node]
    namespace: str
    url: str
    folder: Path

    def document(self, **values: Any) -> dict[str, Any]:
        """The target of an environment here."""
        uid = self.plane.client.get(Namespace, "kube-system").metadata.uid  # type: ignore[union-attr]
        target = {"type": "kubernetes", "cluster": uid, "namespace": self.namespace, "image": IMAGE, "replicas": 2}
        return {**target, "resources": {"cpu": "10m", "memory": "64Mi"}, **values}

    def values(self, **target: Any) -> dict[str, Any]:
        """What a release says that runs here; for the fixture `release`."""
        return {
            "environment.target": self.document(**target),
            "environment.database": {"secretRef": f"env:{VARIABLE}"},
            "environment.rollout.deadlineSeconds": 60,
        }

    def provide(self, **more: str) -> None:
        """Makes the Secret with the database's URL."""
        head = ObjectMeta(name=SECRET, namespace=self.namespace)
        self.plane.client.create(Secret(metadata=head, stringData={VARIABLE: self.url, **more}))


@contextmanager
def opened(
    plane: ControlPlane,
    url: str,
    folder: Path,
    namespace: str | None = None,
    light: bool = True,
    root: Path | None = None,
    keeps: bool = False,
) -> Iterator[Place]:
    """A namespace with two nodes of its own, which can pull an image of this code, as `image_of` says."""
    name = namespace or f"test-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        image = stack.enter_context(tempfile.TemporaryDirectory(prefix="moor-image-", dir="/var/tmp"))
        images = {IMAGE: image_of(Path(image) / "image", light, root, keeps)}
        nodes = [stack.enter_context(Node(plane, f"{name}-{number}", images, second=SECOND)) for number in (1, 2)]
        plane.client.create(Namespace(metadata=ObjectMeta(name=name)))
        until(lambda: list(plane.client.list(ServiceAccount, namespace=name)), 30)  # without it no pod is let in
        place = Place(plane, nodes, name, url, folder)
        place.provide(**dict.fromkeys(KEYS, "none"))
        yield place
        plane.client.delete(Namespace, name)


@dataclass
class KubernetesHouse(AnyHouse):
    """Whatever routes callers of this machine as kube-proxy would is its `router`."""

    target: Kubernetes
    place: Place | None = None
    router: Router | None = None
    ends: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def at(self) -> Place:
        assert self.place
        return self.place

    @property
    def url(self) -> str:
        assert self.router
        return self.router.url

    def pods(self, slot: str) -> list[str]:
        """Those of a slot that are there to stay, the oldest first."""
        from mooring.targets.kubernetes import look

        return [pod.name for pod in look.see(self.target.api, self.name).having(slot)]

    def kill_worker(self, slot: str) -> str | int | None:
        name = self.pods(slot)[-1]
        found = [pid for node in self.at.nodes for pid in node.pids(self.at.namespace, name)]
        assert found
        for pid in found:
            os.kill(pid, 9)
        return name

    @property
    def refused(self) -> int:
        assert self.router
        return self.router.refused

    def replaced(self, full: dict[str, Any]) -> bool:
        pids = [
            pid for pod in self.pods(self.live) for node in self.at.nodes for pid in node.pids(self.at.namespace, pod)
        ]
        return full["pid"] not in pids and self.target.facts().slots[self.live].ready

    def recover(self) -> None:
        if not self.at_rest():
            driver.recover(self.target, self.ledger, "keeper", self.said.append)

    def why(self) -> Any:
        status = self.target.status()
        return {slot: (facts.reasons, facts.workers) for slot, facts in status.facts.slots.items()}, self.said[-5:]

    def close(self) -> None:
        if self.router:
            self.router.__exit__()
        self.target.api.close()
        self.ledger.close()


def open_house(place: Place, release: Release, state: Path | None = None) -> KubernetesHouse:
    """An environment that can be deployed to."""
    os.environ[VARIABLE] = place.url
    os.environ["KUBECONFIG"] = str(place.plane.kubeconfig)
    environment = release.content.environment
    state = state or place.folder / "state"
    target = Kubernetes(place.folder, environment, state)
    target.ensure()
    target.put(release)
    house = KubernetesHouse(target, Ledger(locate(place.folder, environment, state)), place=place)
    house.router = Router(place.plane, place.namespace, environment.name).__enter__()
    return house
