"""The document of an environment as an operator writes it, in a repository of tests."""

import json
from typing import Any

import yaml

from tests.repository import Repo
from tests.targets.kubernetes.house import VARIABLE

LOCAL = "configs/environments/local.yaml"
HEADER = "# yaml-language-server: $schema=../../schemas/environment.schema.json\n"


def declare(repo: Repo, **values: Any) -> None:
    """Environment `local` with other values, its state in PostgreSQL and callers who need keys; committed."""
    file = repo.root / LOCAL
    document = yaml.safe_load(file.read_text())
    rollout = document["rollout"] | {"deadlineSeconds": 240}
    ours = {"database": {"secretRef": f"env:{VARIABLE}"}, "access": {"tenants": [{"name": "someone"}]}}
    file.write_text(HEADER + json.dumps(document | ours | {"rollout": rollout} | values))
    repo.commit("where it is")
