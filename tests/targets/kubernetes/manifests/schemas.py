"""JSON Schemas of Kubernetes' objects for kubeconform, made of what an API server publishes about itself.

As `openapi2jsonschema --strict` makes them: a key that no schema has is refused. Source:
https://github.com/yannh/kubeconform#converting-an-openapi-file-to-a-json-schema
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

NAMED = "{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json"
"""How kubeconform finds a schema in a folder; kinds are in small letters, the core group is called as its version."""

PREFIX = "#/definitions/"
EITHER = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ["string", "integer"],
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ["string", "number"],
}
"""Text to OpenAPI 2, which knows one type only."""


def write(openapi: Mapping[str, Any], folder: Path) -> int:
    """Writes a file for each kind with a version; how many there are."""
    definitions: dict[str, Json] = {name: _strict(name, one) for name, one in openapi["definitions"].items()}
    count = 0
    for name, one in openapi["definitions"].items():
        for kind in one.get("x-kubernetes-group-version-kind", ()):
            if "apiVersion" not in one.get("properties", {}):
                continue
            reached = {found: definitions[found] for found in _reached(name, definitions)}
            version = f"{kind['group']}/{kind['version']}" if kind["group"] else kind["version"]
            said = {"apiVersion": {"const": version}, "kind": {"const": kind["kind"]}}
            schema = {
                "$ref": PREFIX + name, "properties": said, "required": ["apiVersion", "kind"], "definitions": reached,
            }  # fmt: skip
            file = f"{kind['kind'].lower()}-{kind['group'] or kind['version']}-{kind['version']}.json"
            (folder / file).write_text(json.dumps(schema))
            count += 1
    return count


def _strict(name: str, one: Any) -> Any:
    """A definition in which no key is allowed that it does not name."""
    if name in EITHER:
        return {"type": EITHER[name]}
    if isinstance(one, list):
        return [_strict("", each) for each in one]
    if not isinstance(one, dict):
        return one
    found = {key: _strict("", value) for key, value in one.items() if not key.startswith("x-kubernetes")}
    if isinstance(found.get("properties"), dict) and "additionalProperties" not in found:
        found["additionalProperties"] = False
    if found.get("format") in ("int32", "int64", "double", "byte", "date-time"):
        del found["format"]
    return found


def _reached(name: str, definitions: Mapping[str, Json]) -> set[str]:
    """A definition and those that it leads to."""
    found, waiting = {name}, [name]
    while waiting:
        fresh = set(_references(definitions[waiting.pop()])) - found
        found |= fresh
        waiting += fresh
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(target := value.get("$ref"), str):
            yield target.removeprefix(PREFIX)
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
