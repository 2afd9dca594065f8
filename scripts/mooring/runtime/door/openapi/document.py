"""The OpenAPI 3.1 document of the server.

Source: https://spec.openapis.org/oas/v3.1.0.html
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mooring.runtime.core.problems import CODES
from mooring.runtime.door.access.gate import PROBES
from mooring.runtime.door.openapi.answers import Error
from mooring.runtime.door.openapi.endpoint import AGENT, JSON, Endpoint

_ANYWHERE = ("invalid_http", "not_found", "method_not_allowed", "too_many_requests", "headers_too_large")
_SECURED = (
    "key_in_query",
    "invalid_api_key",
    "operator_required",
    "operator_refused",
    "rate_limit_exceeded",
    "insufficient_quota",
    "identity_unavailable",
)
_OPEN = ("host_refused", "origin_refused")
_BROKEN = ("internal_error", "release_unavailable")
_REFERENCE = "#/components/schemas/{model}"
_STRING: dict[str, Any] = {"type": "string"}

_HEADERS: dict[str, str] = {
    "x-mooring-release": "The digest of the release that answered.",
    "x-mooring-slot": "The slot that answered, blue or green.",
    "x-mooring-simulated": "`true` where a simulator answered for any model.",
    "x-mooring-run": "The run that answers; `/runs/{id}` shows it.",
    "x-mooring-rung": "The rung of the ladder that answered, L0 to L4.",
    "x-mooring-first-rung": "The rung that began a stream; its end says which rung finished it.",
    "x-mooring-cached-age": "Seconds since a saved answer was made.",
    "x-mooring-ticket": "What the answer can be fetched by later; `/tickets/{id}` shows it.",
    "x-mooring-conversation": "The conversation that the answer is part of.",
    "idempotent-replayed": "`true` where an earlier request with the same key began the run.",
    "location": "The path of the run.",
    "allow": "The methods that the path takes.",
    "retry-after": "Seconds after which to ask again.",
}
_EVERYWHERE = ("x-mooring-release", "x-mooring-slot", "x-mooring-simulated")

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key gives the same run, also in the other slot and after a restart, while it is kept.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def document(endpoints: Sequence[Endpoint], version: str, secured: bool, agent: str = "") -> dict[str, Any]:
    """The description of endpoints.

    `version` is the release's digest, `secured` adds bearer keys, `agent` is one that the caller may call.
    """
    schemas, references = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        links = {
            operation_of(other): {"operationId": operation_of(other), "parameters": {"id": endpoint.links[other.path]}}
            for other in endpoints
            if other.path in endpoint.links
        }
        at = paths.setdefault(path_of(endpoint), {})
        made = at[endpoint.method.lower()] = _operation(endpoint, references, links, agent, secured)
        if secured and endpoint.path in PROBES:
            made["security"] = [{}, {"key": []}]
    components: dict[str, Any] = {"schemas": schemas, "headers": {name: _header(name) for name in _HEADERS}}
    whole: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Mooring", "version": version, "description": "Agents of a release, and their runs."},
        "paths": paths,
        "components": components,
    }
    if secured:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        whole["security"] = [{"key": []}]
    return whole


def path_of(endpoint: Endpoint) -> str:
    """A path as OpenAPI writes it: a parameter has a name, and no kind."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", endpoint.path)


def operation_of(endpoint: Endpoint) -> str:
    """The name of an endpoint."""
    return "_".join([endpoint.method.lower(), *re.findall(r"\w+", path_of(endpoint))])


def _operation(
    endpoint: Endpoint,
    references: dict[type[BaseModel], str],
    links: dict[str, dict[str, Any]],
    agent: str,
    secured: bool,
) -> dict[str, Any]:
    path = path_of(endpoint)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        | ({"example": agent} if agent and name == "name" else {})
        for name in re.findall(r"{(\w+)}", path)
    ]
    parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in endpoint.query.items()]
    if endpoint.once:
        parameters.append(IDEMPOTENCY_KEY)
    made: dict[str, Any] = {
        "operationId": operation_of(endpoint),
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": _responses(endpoint, references, links, secured),
    }
    if endpoint.body:
        content: dict[str, Any] = {JSON: {"schema": _reference(references[endpoint.body])}}
        if agent and endpoint.example:
            content[JSON]["example"] = {k: agent if v == AGENT else v for k, v in endpoint.example.items()}
        made["requestBody"] = {"required": endpoint.body_required, "content": content}
    return made


def _responses(
    endpoint: Endpoint, references: dict[type[BaseModel], str], links: dict[str, dict[str, Any]], secured: bool
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    error = {JSON: {"schema": _reference(references[Error])}}
    codes = (*endpoint.errors, *_ANYWHERE, *(_SECURED if secured else _OPEN), *_BROKEN)
    for status, names in _by_status(codes).items():
        says = " ".join(f"`{name}`: {CODES[name].says}" for name in names)
        more = {405: ("allow",), 429: ("retry-after",)}.get(status, ())
        made[str(status)] = {"description": says, "content": dict(error), "headers": _headers(more)}
    for status, model in endpoint.answers.items():
        content = {kind: {"schema": _STRING} for kind in endpoint.also}
        if model:
            before = made.get(str(status), {}).get("content", {}).get(JSON, {}).get("schema")
            schema = _reference(references[model])
            content[JSON] = {"schema": {"anyOf": [schema, before]} if before else schema}
        good: dict[str, Any] = {"description": endpoint.summary, "headers": _headers(endpoint.headers)}
        made[str(status)] = good | ({"content": content} if content else {}) | ({"links": links} if links else {})
    return dict(sorted(made.items()))


def _by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    made: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        made.setdefault(int(CODES[code].status), []).append(code)
    return made


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_EVERYWHERE, *names)}


def _header(name: str) -> dict[str, Any]:
    return {"description": _HEADERS[name], "schema": _STRING}


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[dict[str, Any], dict[type[BaseModel], str]]:
    """The schemas of all models by name, and the name of each model."""
    used: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Error, "serialization"): None}
    for endpoint in endpoints:
        if endpoint.body:
            used[endpoint.body, "validation"] = None
        used |= dict.fromkeys((model, "serialization") for model in endpoint.answers.values() if model)
    found, whole = models_json_schema(list(used), ref_template=_REFERENCE)
    models = {model: found[model, mode]["$ref"].rpartition("/")[2] for model, mode in used}
    return whole["$defs"], models


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
