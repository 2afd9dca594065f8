"""An environment's overrides, applied to the documents they name."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from mooring.catalog.catalog import Catalog
from mooring.catalog.positions import Positions, Spot
from mooring.spec import KINDS, Document, Environment
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
    data = json.loads(document.model_dump_json(by_alias=True))
    problems = [(path, problem) for path, value in override.set.items() for problem in _put(data, path, value)]
    if problems:
        return document, problems
    try:
        kind = KINDS[override.kind]
        return kind.model_validate_json(json.dumps(data), strict=True, by_alias=True, by_name=False), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return document, [_blame(override, ".".join(map(str, at["loc"])), at["msg"]) for at in details]


def overlaid(catalog: Catalog, environment: Environment) -> Catalog:
    """The catalog as this environment sees it. What an override changed is placed at the override's line."""
    if not environment.overrides:
        return catalog
    key = ("overlaid", environment.name)
    if key not in catalog.memo:
        catalog.memo[key] = _overlaid(catalog, environment)
    found: Catalog = catalog.memo[key]
    return found


def _overlaid(catalog: Catalog, environment: Environment) -> Catalog:
    entries = dict(catalog.entries)
    place = catalog.entry("Environment", environment.name)
    for index, override in enumerate(environment.overrides):
        entry = entries.get((override.kind, override.name))
        if entry is None or place is None:
            continue
        changed, _ = apply(override, entry.document)
        spot = Positions(Spot(place.lines.at(f"overrides.{index}.set"), 0))
        entries[override.kind, override.name] = replace(entry, document=changed, file=place.file, lines=spot)
    return Catalog(entries, catalog.broken, catalog.code, catalog.histories)


def _put(data: Any, path: str, value: Any) -> Iterator[str]:
    *way, last = path.split(".")
    if [*way, last][0] in HEAD:
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
