"""The kinds of targets by the `type` in an environment's document, the only list of them."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mooring.errors import UsageError
from mooring.targets.protocol import Target

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec.environment import Environment

KINDS = {
    "kubernetes": "mooring.targets.kubernetes.syncing.target:kubernetes",
    "local": "mooring.targets.local.target:Local",
}
"""Where what makes each kind is. It takes the repository, the environment or its name, and the state folder."""

RENDERERS = {"kubernetes": "mooring.targets.kubernetes.rendering.render:render"}
"""Where the function of each kind is that renders an environment as files for other tools."""

CLUSTER = "cluster.json"
"""The file of the state folder in which an environment of a cluster is remembered."""


def target(root: Path, environment: "Environment | str", state: Path) -> Target:
    """The target of an environment. Imports the code of its kind alone. Raises UsageError for an unknown kind."""
    kind = kind_of(root, environment, state)
    if kind not in KINDS:
        raise UsageError(f"there is no kind of target {kind!r}", f"target.type is one of: {', '.join(KINDS)}")
    return cast(Target, _found(KINDS[kind])(root, environment, state))


def rendered(release: "Release", form: str, slot: str) -> dict[str, str]:
    """An environment as files for other tools, texts by path. UsageError where its kind has nothing to render."""
    kind = release.content.environment.target.type
    if kind not in RENDERERS:
        what = f"{release.content.environment.name} runs on one machine: there is nothing to render"
        raise UsageError(what, f"set target.type in its document: {', '.join(RENDERERS)}")
    return cast(dict[str, str], _found(RENDERERS[kind])(release, form, slot))


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


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
