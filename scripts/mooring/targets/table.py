"""The kinds of targets by the `type` in an environment's document, the only list of them."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mooring.errors import UsageError
from mooring.targets.protocol import Target

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

KINDS = {
    "kubernetes": "mooring.targets.kubernetes.target:Kubernetes",
    "local": "mooring.targets.local.target:Local",
}
"""Where the class of each kind is. It takes the repository, the environment or its name, and the state folder."""

CLUSTER = "cluster.json"
"""The file of the state folder in which an environment of a cluster is remembered."""


def target(root: Path, environment: "Environment | str", state: Path) -> Target:
    """The target of an environment. Imports the code of its kind alone. Raises UsageError for an unknown kind."""
    kind = kind_of(root, environment, state)
    if kind not in KINDS:
        raise UsageError(f"there is no kind of target {kind!r}", f"target.type is one of: {', '.join(KINDS)}")
    module, _, name = KINDS[kind].partition(":")
    return cast(Target, getattr(import_module(module), name)(root, environment, state))


def kind_of(root: Path, environment: "Environment | str", state: Path) -> str:
    """The kind that the document says. What runs already can be told to stop even when its document cannot be read."""
    if not isinstance(environment, str):
        return environment.target.type
    import yaml

    path = root / "configs" / "environments" / f"{environment}.yaml"
    try:
        return str(yaml.load(path.read_bytes(), yaml.CSafeLoader)["target"]["type"])  # ten times as fast as safe_load
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        return "kubernetes" if (state / CLUSTER).exists() else "local"
