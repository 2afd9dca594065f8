"""The formats in which an environment can be rendered."""

from collections.abc import Callable

from mooring.release.release import Release
from mooring.rollout.state import Side
from mooring.targets.kubernetes.rendering.chart import helm
from mooring.targets.kubernetes.rendering.plain import Files, kustomize, manifests

FORMATS: dict[str, Callable[..., Files]] = {"manifests": manifests, "kustomize": kustomize, "helm": helm}


def render(release: Release, form: str, slot: str) -> Files:
    """Texts by path: the environment as it is when a release is live in a slot, and nothing is in the other."""
    return FORMATS[form](release.content, Side(slot, release.digest))
