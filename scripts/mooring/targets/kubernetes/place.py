"""Which cluster and namespace an environment is in: as its document says, or as it was when it was last brought up."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mooring.errors import UsageError
from mooring.spec.target import KubernetesTarget
from mooring.targets.table import CLUSTER

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

RECORD = CLUSTER
"""Remembered so that a document that broke leaves nobody without a rollback."""


def place(root: Path, environment: "Environment | str", state: Path) -> KubernetesTarget:
    """Raises UsageError when nothing says it."""
    if not isinstance(environment, str):
        return _kubernetes(environment.name, environment.target)
    import yaml

    path = root / "configs" / "environments" / f"{environment}.yaml"
    try:
        return KubernetesTarget.model_validate(yaml.load(path.read_bytes(), yaml.CSafeLoader)["target"])
    except (OSError, KeyError, TypeError, ValidationError, yaml.YAMLError):
        if (known := remembered(state)) is not None:
            return known
        raise UsageError(f"{path} does not say in which cluster {environment} is", "moor validate") from None


def remembered(state: Path) -> KubernetesTarget | None:
    """Where it was when this machine brought it up; None when it never did."""
    try:
        return KubernetesTarget.model_validate(json.loads((state / RECORD).read_bytes()))
    except (OSError, ValueError):
        return None


def remember(state: Path, target: KubernetesTarget) -> None:
    """Writes it into the state folder, unless that says the same. Raises OSError."""
    if remembered(state) == target:
        return
    from mooring import private
    from mooring.catalog.schemas import replace_text

    replace_text(private.folder(state) / RECORD, json.dumps(target.model_dump(mode="json", by_alias=True)) + "\n")


def _kubernetes(name: str, target: Any) -> KubernetesTarget:
    if not isinstance(target, KubernetesTarget):
        raise UsageError(f"{name} runs on one machine", "target.type: kubernetes in its document")
    return target
