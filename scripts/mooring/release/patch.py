"""A release with a few values of one document changed, validated again as a whole."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from mooring.catalog.nearest import suggestion
from mooring.catalog.overrides import HEAD
from mooring.errors import FindingsError, UsageError
from mooring.finding import Finding
from mooring.release.content import ReleaseContent
from mooring.release.release import Release

FIELDS = {
    "agent": "agents",
    "environment": "environment",
    "model": "models",
    "prompt": "prompts",
    "resilience": "resilience",
    "tool": "tools",
}
"""Where documents are in a release, by the word for their kind. Guards change by a pull request alone."""


PLACE = ("target", "database")
"""Keys of an environment that a release does not bring with it."""


def patched(release: Release, kind: str, name: str, values: Mapping[str, Any]) -> Release:
    """The release with other values, by dotted path, in one document.

    UsageError for a document or a path that is not there, FindingsError with what breaks the document's schema.
    """
    content = json.loads(release.data)
    document = _document(content, kind, name)
    for path, value in values.items():
        _put(document, path, value, f"{kind} {name}")
    try:
        made = ReleaseContent.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        raise FindingsError(list(_findings(error, kind, name))) from None
    if wrong := list(_dangling(made)):
        raise FindingsError([Finding(f"{kind}/{name}", 0, path, message, "reference") for path, message in wrong])
    return Release.of(made)


def documents(release: Release) -> dict[str, tuple[str, ...]]:
    """Names of the documents that can be patched, by the word for their kind."""
    content = release.content
    named = {kind: tuple(getattr(content, field)) for kind, field in FIELDS.items() if kind != "environment"}
    return {**named, "environment": (content.environment.name,)}


def _document(content: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    if kind not in FIELDS:
        raise UsageError(f"a release has no {kind} to change{suggestion(kind, FIELDS)}", f"one of {', '.join(FIELDS)}")
    found: dict[str, Any] = content[FIELDS[kind]]
    if kind == "environment":
        found = {found["name"]: found}
    if name not in found:
        raise UsageError(f"the release has no {kind} {name!r}{suggestion(name, found)}")
    document: dict[str, Any] = found[name]
    return document


def _put(document: dict[str, Any], path: str, value: Any, which: str) -> None:
    """Replaces a value that is there: every key of the format is in a release, with its default."""
    *way, last = path.split(".")
    first = [*way, last][0]
    if first in HEAD:
        raise UsageError(f"{which}: `{path}` says which document this is; it stays")
    if which.startswith("environment ") and first in PLACE:
        raise UsageError(f"{which}: `{path}` says where it runs, which no new release changes", "moor down, moor up")
    at: Any = document
    for step in way:
        at = _below(at, step, path, which)
    _below(at, last, path, which)
    at[int(last) if isinstance(at, list) else last] = value


def _below(at: Any, step: str, path: str, which: str) -> Any:
    if isinstance(at, dict) and step in at:
        return at[step]
    if isinstance(at, list) and step.isdecimal() and int(step) < len(at):
        return at[int(step)]
    known = list(at) if isinstance(at, dict) else [str(number) for number in range(len(at))] if at else []
    there = f"there is: {', '.join(known)}" if known and isinstance(at, dict | list) else "nothing is below it"
    raise UsageError(f"{which} has no `{path}`{suggestion(step, known)} ({there})")


def _findings(error: ValidationError, kind: str, name: str) -> Iterator[Finding]:
    for one in error.errors(include_url=False, include_input=False):
        steps = [str(step) for step in one["loc"]]
        place = steps[1:] if kind == "environment" else steps[2:]
        yield Finding(f"{kind}/{name}", 0, ".".join(place), one["msg"], "value")


def _dangling(content: ReleaseContent) -> Iterator[tuple[str, str]]:
    """(path, message) of what agents name and the release does not hold."""
    for agent in content.agents.values():
        named: list[tuple[str, str, Iterable[str]]] = []
        named += [(path, prompt, content.prompts) for path, prompt in agent.prompts()]
        named += [("resilience", agent.resilience, content.resilience)]
        named += [(f"tools.{number}", tool, content.tools) for number, tool in enumerate(agent.tools)]
        named += [
            (f"models.{rung}.tools.{number}", tool, agent.tools)
            for rung, standing in agent.models.all()
            for number, tool in enumerate(standing.tools or ())
        ]
        named += [(f"models.{rung}", model, content.models) for rung, model in agent.models.names()]
        for path, name, known in named:
            if name not in known:
                yield path, f"agent {agent.name}: {name!r} is not in the release{suggestion(name, known)}"
