"""An environment's overrides, applied to the documents they name."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from mooring.spec import KINDS, Document
from mooring.spec.environment import DocumentOverride

HEAD = frozenset({"apiVersion", "kind", "name", "version", "description", "owner"})
"""Keys that say which document it is. An override changes what a document does, not which one it is."""

Problem = tuple[str, str]
"""(dotted path of the override, what is wrong with it)"""


def apply(override: DocumentOverride, document: Document) -> tuple[Document, list[Problem]]:
    """The document with the override's values, validated again, and every problem found.

    Paths are dotted keys of the YAML form, a number for an item of a list: `models.L0`, `tools.0`.
    A document with problems is returned as it was.
    """
    data = json.loads(document.model_dump_json())
    problems = [(path, problem) for path, value in override.set.items() for problem in _put(data, path, value)]
    if problems:
        return document, problems
    try:
        return KINDS[override.kind].model_validate(data), []
    except ValidationError as error:
        return document, [_blame(override, ".".join(map(str, at["loc"])), at["msg"]) for at in error.errors()]


def _put(data: Any, path: str, value: Any) -> Iterator[str]:
    *way, last = path.split(".")
    if (way or [last])[0] in HEAD:
        yield f"`{path}` says which document this is; it cannot be overridden"
        return
    at = data
    for key in way:
        at = _step(at, key)
    if isinstance(at, dict):
        at[last] = value
    elif isinstance(at, list) and last.isdecimal() and int(last) < len(at):
        at[int(last)] = value
    else:
        yield f"there is no `{path}` in the document"


def _step(at: Any, key: str) -> Any:
    if isinstance(at, dict):
        return at.get(key)
    if isinstance(at, list) and key.isdecimal() and int(key) < len(at):
        return at[int(key)]
    return None


def _blame(override: DocumentOverride, place: str, message: str) -> Problem:
    """The path of the override that a validation error at `place` is about."""
    near = [path for path in override.set if f"{place}.".startswith(f"{path}.") or f"{path}.".startswith(f"{place}.")]
    path = near[0] if near else next(iter(override.set))
    return path, message if place == path else f"{place}: {message}"
