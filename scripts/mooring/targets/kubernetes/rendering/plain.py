"""Plain manifests in files by purpose, and a Kustomize base of them."""

from collections.abc import Iterable

from mooring.release.content import ReleaseContent
from mooring.rollout.state import Side
from mooring.targets.kubernetes.manifests.access import accounts, policies, role
from mooring.targets.kubernetes.manifests.environment import keeper, keeper_service, service
from mooring.targets.kubernetes.manifests.objects import Object, target_of
from mooring.targets.kubernetes.manifests.slot import slot
from mooring.targets.kubernetes.rendering.comments import comments_of
from mooring.targets.kubernetes.rendering.text import document

Files = dict[str, str]
"""Texts by path."""

FIRST_TOKEN = 0
"""Of a Service that no rollout has touched yet."""


def grouped(content: ReleaseContent, side: Side) -> dict[str, list[Object]]:
    """The objects of an environment whose live slot is `side`, by the file they belong to."""
    return {
        "access.yaml": [*accounts(content), *role(content), *policies(content)],
        "keeper.yaml": [keeper(content), keeper_service(content)],
        f"{side.slot}.yaml": slot(content, side.slot, side.digest, target_of(content).replicas),
        "traffic.yaml": [service(content, side, FIRST_TOKEN)],
    }


def manifests(content: ReleaseContent, side: Side) -> Files:
    """One file a purpose."""
    environment = content.environment.name
    return {path: text(environment, objects) for path, objects in grouped(content, side).items()}


def kustomize(content: ReleaseContent, side: Side) -> Files:
    """A Kustomize base of the same files."""
    files = manifests(content, side)
    base = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": list(files)}
    said = {"resources": "patch them in an overlay; what the environment's document says is better said there"}
    return {"kustomization.yaml": rendered_by(content.environment.name) + document(base, said), **files}


def text(environment: str, objects: Iterable[Object]) -> str:
    """Several documents of one file, each with the comments of its kind."""
    parts = [document(one, comments_of(one, environment)) for one in objects]
    return rendered_by(environment) + "---\n".join(parts)


def rendered_by(environment: str) -> str:
    """The first line of a file."""
    return f"# Rendered by `moor render {environment}`: change configs/environments/{environment}.yaml instead.\n"
