"""What service accounts asked of the API server and whether it let them, by its audit log.

Source: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}


class Asked(NamedTuple):
    """One request. `resource` is such as `pods/log`; `name` is "" where none is named."""

    verb: str
    group: str
    resource: str
    name: str
    allowed: bool


def write_policy(file: Path) -> None:
    file.write_text(yaml.safe_dump(POLICY), encoding="utf-8")


def asked(file: Path, namespace: str, account: str) -> list[Asked]:
    """What an account asked for in its own namespace, in the order of the answers.

    A patch that made its object counts as `create` as well: the API server asks for both.
    """
    user = f"system:serviceaccount:{namespace}:{account}"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [one for line in lines if f'"{user}"' in line for one in _read(line)]


def _read(line: str) -> Iterator[Asked]:
    event = json.loads(line)
    found = event.get("objectRef") or {"resource": event["requestURI"]}
    code = event.get("responseStatus", {}).get("code")
    below = found.get("subresource", "")
    # What stands behind a proxy may answer 403 by itself.
    refused = event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
    refused = refused or (code == 403 and below != "proxy")
    resource = f"{found['resource']}/{below}" if below else found["resource"]
    verbs = (event["verb"], "create") if (event["verb"], code) == ("patch", 201) else (event["verb"],)
    for verb in verbs:
        yield Asked(verb, found.get("apiGroup", ""), resource, found.get("name", ""), not refused)
