"""Whether a request, and as far as it goes its answer, is as GitHub describes it. The description is `github.json`.

Stricter than GitHub, which passes over parameters that it does not know: one that is not described is a mistake here.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

FILE = Path(__file__).with_name("github.json")
BELOW = re.compile(r"/repos/[^/]+/[^/]+")


class Undescribed(Exception):
    """The argument says what GitHub would not take, or would not answer."""


def check(method: str, path: str, query: dict[str, list[str]], sent: object) -> dict[str, Any]:
    """The operation that a request is. Raises Undescribed."""
    name, operation = found(method, path)
    for key, values in query.items():
        if key not in operation["query"]:
            raise Undescribed(f"{name} has no parameter {key!r}")
        if len(values) > 1:
            raise Undescribed(f"{name} was given {key!r} more than once")
        valid(f"{name} ?{key}", operation["query"][key], typed(operation["query"][key], values[0]))
    if operation["body"] is None:
        if sent is not None:
            raise Undescribed(f"{name} takes no body")
    elif sent is not None or operation["body"].get("required"):
        valid(name, strict(operation["body"]), sent, strict(described()["schemas"]))
    return operation


def check_answer(operation: dict[str, Any], status: int, data: object) -> None:
    """An answer of a stand-in may leave out what nobody reads; what it says must be right. Raises Undescribed."""
    if not 200 <= status < 300:
        return
    if str(status) not in operation["answers"]:
        raise Undescribed(f"no answer {status}, but {', '.join(operation['answers'])}")
    schema = operation["answers"][str(status)]
    if schema is None:
        if data is not None:
            raise Undescribed(f"an answer {status} has no content")
        return
    valid(f"answer {status}", partial(schema), data)


def found(method: str, path: str) -> tuple[str, dict[str, Any]]:
    below = BELOW.sub("", path, count=1)
    for name, operation in described()["operations"].items():
        verb, _, template = name.partition(" ")
        if verb == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), below):
            return name, operation
    raise Undescribed(f"{method} {below} is not in {FILE.name}; is it in CALLS of cut_description.py?")


def valid(where: str, schema: Any, value: object, named: Any = None) -> None:
    """`named` are the schemas that are referred to; by default those of answers. Raises Undescribed."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "schemas": named or schemas(), **schema}
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(whole).iter_errors(value))
    if error:
        raise Undescribed(f"{where}: {error.json_path}: {error.message[:300]}")


def typed(schema: dict[str, Any], value: str) -> object:
    """A value of a query as the type that its schema asks for."""
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return int(value) if schema.get("type") == "integer" and value.lstrip("-").isdigit() else value


@cache
def described() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


@cache
def schemas() -> Any:
    """The named schemas, as answers refer to them."""
    return partial(described()["schemas"])


def strict(schema: Any) -> Any:
    """The same schema, which takes no properties but those that it names."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    named = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return made | {"additionalProperties": False} if named and "additionalProperties" not in schema else made


def partial(schema: Any) -> Any:
    """The same schema, which asks for no property; without them an answer may be more than one of several kinds."""
    if isinstance(schema, list):
        return [partial(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if not (key == "required" and isinstance(value, list))}
    return {
        "anyOf" if key == "oneOf" and isinstance(value, list) else key: partial(value) for key, value in kept.items()
    }
