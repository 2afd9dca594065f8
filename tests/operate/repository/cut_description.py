"""Cuts GitHub's published description of its REST API down to what is called here, for `description.py`.

    npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
    python -m tests.operate.repository.cut_description package

The result is sorted and says which version it came from, so that a newer one shows as a difference.
"""

import json
import sys
from pathlib import Path
from typing import Any

CUT = Path(__file__).with_name("github.json")
SOURCE = "@octokit/openapi"
REPOSITORY = "/repos/{owner}/{repo}"
CALLS = {
    "": ["get"],
    "/pulls": ["get", "post"],
    "/pulls/{pull_number}": ["patch"],
    "/pulls/{pull_number}/reviews": ["get"],
    "/commits/{commit_sha}/pulls": ["get"],
    "/issues": ["get", "post"],
    "/issues/{issue_number}": ["patch"],
    "/issues/{issue_number}/comments": ["get", "post"],
    "/issues/comments/{comment_id}": ["patch"],
    "/actions/workflows/{workflow_id}/dispatches": ["post"],
    "/rulesets": ["get", "post"],
    "/rulesets/{ruleset_id}": ["get", "put"],
    "/environments/{environment_name}": ["get", "put"],
    "/environments/{environment_name}/deployment-branch-policies": ["get", "post"],
    "/environments/{environment_name}/deployment-branch-policies/{branch_policy_id}": ["delete"],
    "/environments/{environment_name}/secrets": ["get"],
    "/actions/permissions": ["get", "put"],
    "/actions/permissions/selected-actions": ["get", "put"],
    "/actions/permissions/workflow": ["get", "put"],
    "/actions/permissions/fork-pr-contributor-approval": ["get", "put"],
    "/actions/permissions/fork-pr-workflows-private-repos": ["get", "put"],
    "/actions/runners": ["get"],
    "/actions/workflows": ["get"],
    "/actions/workflows/{workflow_id}/runs": ["get"],
    "/actions/secrets": ["get"],
    "/actions/organization-secrets": ["get"],
    "/codeowners/errors": ["get"],
}
"""By path below the repository. A call that is not here is refused by the stand-in, so it cannot be forgotten."""

ELSEWHERE = ("/orgs/{org}/teams/{team_slug}", "/users/{username}", "/apps/{app_slug}")
"""What is read that belongs to no repository."""

WORDS = {"description", "example", "examples", "title", "externalDocs", "deprecated", "x-github-breaking-changes"}
"""What says nothing about which values are right."""


def cut(full: dict[str, Any]) -> dict[str, Any]:
    """Operations by method and path, and the schemas that they name, as JSON Schema."""
    operations = {
        f"{method.upper()} {path}": operation(full, full["paths"][f"{REPOSITORY}{path}"][method])
        for path, methods in CALLS.items()
        for method in methods
    }
    operations |= {f"GET {path}": operation(full, full["paths"][path]["get"]) for path in ELSEWHERE}
    schemas: dict[str, Any] = {}
    missing = named(operations)
    while missing:
        schemas |= {name: schema(full["components"]["schemas"][name]) for name in missing}
        missing = named(schemas) - schemas.keys()
    return {"operations": operations, "schemas": schemas}


def operation(full: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    parameters = [resolved(full, each) for each in given.get("parameters", [])]
    body = given.get("requestBody")
    return {
        "query": {each["name"]: schema(each["schema"]) for each in parameters if each["in"] == "query"},
        "body": schema(body["content"]["application/json"]["schema"]) if body else None,
        "answers": {status: answer(each) for status, each in given["responses"].items() if status.startswith("2")},
    }


def answer(given: dict[str, Any]) -> Any:
    """The schema of an answer; None where it has no content."""
    content = given.get("content", {}).get("application/json")
    return schema(content["schema"]) if content else None


def resolved(full: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in given:
        return given
    found: dict[str, Any] = full["components"]["parameters"][given["$ref"].rpartition("/")[2]]
    return found


def schema(given: Any) -> Any:
    """A schema of OpenAPI 3.0 as one of JSON Schema, where null is a type."""
    if isinstance(given, list):
        return [schema(each) for each in given]
    if not isinstance(given, dict):
        return given
    if "$ref" in given:
        return {"$ref": f"#/schemas/{given['$ref'].rpartition('/')[2]}"}
    kept = {key: value for key, value in given.items() if key not in WORDS and not key.startswith("x-")}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: schema(each) for name, each in given["properties"].items()}
    made = {key: value if key == "properties" else schema(value) for key, value in kept.items()}
    return {"anyOf": [{"type": "null"}, made]} if made.pop("nullable", False) else made


def named(given: Any) -> set[str]:
    """The names of the schemas that are referred to anywhere in `given`."""
    if isinstance(given, list):
        return set().union(*map(named, given))
    if not isinstance(given, dict):
        return set()
    own = {given["$ref"].rpartition("/")[2]} if isinstance(given.get("$ref"), str) else set()
    return own.union(*map(named, given.values()))


def main(package: Path) -> None:
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    full = json.loads((package / "generated/api.github.com.json").read_text(encoding="utf-8"))
    made = {"source": f"{SOURCE}@{about['version']}", "license": about["license"], **cut(full)}
    CUT.write_text(written(made), encoding="utf-8")


def written(made: dict[str, Any]) -> str:
    """JSON with an operation or a schema a line."""
    parts = []
    for key, value in made.items():
        if isinstance(value, dict):
            lines = [f"{json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in sorted(value.items())]
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
