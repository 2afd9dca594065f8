"""A copy of the documents in which one environment touches nothing of the real one."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from mooring.catalog.load import load
from mooring.catalog.source import CODE, FOLDERS, WorkTree
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.spec.endpoints import SIMULATED
from mooring.spec.environment import Rollout

RULES = "evals/simulator"
SHORT_BAKE_SECONDS = 0.5
"""How long the copy's own release is watched: what is drilled comes later."""

EVERYBODY = ["0.0.0.0/0", "::/0"]

_LEFT_OUT = ("access", "chat", "database", "export", "patrol")
"""Fields of the environment that lead to what is real: callers' keys, chat, its state, copies, dependencies."""


def copied(root: Path, environment: str, to: Path) -> Mapping[str, Any]:
    """Copies the documents, and edits the environment: simulated endpoints and services, a free port, a database of
    its own, nobody's keys, and a short bake. Returns what the environment's own document says."""
    for folder in (*FOLDERS, RULES, CODE):
        if (root / folder).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(root / folder, to / folder, dirs_exist_ok=True, ignore=ignored)
    return edit(to, environment, _apart)


def in_cluster(root: Path, environment: str, to: Path, name: str) -> Mapping[str, Any]:
    """As `copied`, for a copy that runs in the environment's own cluster and namespace, as an environment `name`.

    Its state is in the same PostgreSQL server, in a schema of its own.
    """
    document = copied(root, environment, to)
    target = {key: value for key, value in document["target"].items() if key not in ("apply", "autoscaling", "url")}
    more = {"name": name, "target": target, "database": document["database"]}
    # Whoever drills asks through the API server, which is a proxy.
    edit(to, environment, lambda apart: {**apart, **more, "serving": {**apart["serving"], "trustedProxies": EVERYBODY}})
    folder = to / "configs" / "environments"
    (folder / f"{environment}.yaml").rename(folder / f"{name}.yaml")
    return document


def edit(root: Path, environment: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Writes an environment's document as `change` returns it; what it said before."""
    path = root / "configs" / "environments" / f"{environment}.yaml"
    before: Mapping[str, Any] = yaml.load(path.read_bytes(), yaml.CSafeLoader)
    path.write_text(json.dumps(change(before), default=str), encoding="utf-8")  # JSON is YAML
    return before


def bake_seconds(document: Mapping[str, Any]) -> float:
    """For how long an environment watches a release."""
    return float(document["rollout"].get("bakeSeconds", Rollout.model_fields["bake_seconds"].default))


def _apart(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.items() if name not in _LEFT_OUT}
    serving = {name: value for name, value in (kept.get("serving") or {}).items() if name not in ("tls", "origins")}
    left = ("freezes", "evidence", "proofs")
    rollout = {name: value for name, value in kept["rollout"].items() if name not in left}
    return kept | {
        "target": {"type": "local", "listen": "127.0.0.1:0"},
        "endpoints": SIMULATED,
        "services": dict.fromkeys(kept.get("services") or {}, SIMULATED),
        "serving": serving,
        "rollout": rollout | {"bakeSeconds": SHORT_BAKE_SECONDS},
    }


def release_of(root: Path, environment: str) -> Release:
    """What the copy's documents make. Raises FindingsError."""
    return resolve(load(WorkTree(root))[0], environment)


def variant(release: Release, description: str, **rollout: Any) -> Release:
    """The same release under another digest, with some of its rollout replaced, in camelCase."""
    data = release.content.model_dump(mode="json", by_alias=True)
    data["environment"]["description"] = description
    data["environment"]["rollout"] |= rollout
    return Release.of(type(release.content).model_validate(data))
