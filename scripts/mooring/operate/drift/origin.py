"""Where a value that runs comes from: the document that says it, or the override of the environment."""

from typing import Any

from mooring.catalog.catalog import Catalog, Entry
from mooring.operate.drift.difference import Difference, Moved
from mooring.operate.drift.edit import CannotAdopt
from mooring.operate.drift.leaves import Path as Place
from mooring.operate.drift.leaves import dotted, leaves
from mooring.operate.drift.observe import Report
from mooring.release.content import ReleaseContent
from mooring.spec import Environment

KINDS = {
    "agent": ("Agent", "agents"),
    "environment": ("Environment", "environment"),
    "model": ("Model", "models"),
    "prompt": ("Prompt", "prompts"),
    "resilience": ("Resilience", "resilience"),
    "tool": ("Tool", "tools"),
}
"""The kind of document behind a change, and where a release keeps it."""


def _data(content: ReleaseContent, kind: str, name: str) -> Any:
    documents = getattr(content, KINDS[kind][1])
    document = documents if kind == "environment" else documents.get(name)
    return document.model_dump(mode="json") if document is not None else None


def edits(
    report: Report,
    catalog: Catalog,
    which: tuple[str, str],
    wanted: list[Difference],
    was: ReleaseContent,
    running: ReleaseContent,
) -> list[tuple[Entry, dict[Place, Any]]]:
    """The documents to edit, and their new values by path. Raises CannotAdopt."""
    kind, name = which
    if kind not in KINDS or any(one.change and one.change.action != "change" for one in wanted):
        raise CannotAdopt("a whole document came or went; write or remove its file")
    before, after = _data(was, kind, name), _data(running, kind, name)
    entry, environment = catalog.entry(KINDS[kind][0], name), catalog.entry("Environment", report.environment)
    if entry is None or environment is None or before is None or after is None:
        raise CannotAdopt(f"{report.git.ref} has no {kind} {name}")
    moved = [one.change.path for one in report.differences if one.moved is Moved.BEHIND and one.change
             and (one.change.kind, one.change.name) == which]  # fmt: skip
    paths = [one.change.path for one in wanted if one.change]
    found: dict[str, tuple[Entry, dict[Place, Any]]] = {}
    for path, value in leaves(before, after):
        if not any(within(dotted(path), wide) for wide in paths):
            continue
        if any(within(dotted(path), other) or within(other, dotted(path)) for other in moved):
            raise CannotAdopt(f"{report.git.ref} changed {dotted(path)} as well since; decide by hand which one holds")
        owner, place = _owner(entry, environment, path)
        if kind == "prompt":
            _own_text(entry, before, path)
        found.setdefault(owner.file, (owner, {}))[1][place] = value
    return list(found.values())


def within(path: str, wide: str) -> bool:
    """Whether a dotted path is another, or below it."""
    return not wide or f"{path}.".startswith(f"{wide}.")


def _owner(entry: Entry, environment: Entry, path: Place) -> tuple[Entry, Place]:
    """The document that a value comes from, and its place there: an override of the environment comes first."""
    document = environment.document
    for number, override in enumerate(document.overrides if isinstance(document, Environment) else ()):
        if (override.kind, override.name) != (entry.document.kind, entry.document.name):
            continue
        for mine in override.set:
            if within(dotted(path), mine):
                below = path[len(mine.split(".")) :]
                return environment, ("overrides", number, "set", mine, *below)
            if within(mine, dotted(path)):
                raise CannotAdopt(f"{environment.file} overrides {mine}, a part of it; change both by hand")
    return entry, path


def _own_text(entry: Entry, before: Any, path: Place) -> None:
    """Raises CannotAdopt for text that a prompt has from elsewhere."""
    written = entry.data.get("messages", [])
    mine = [message.get("content") for message in written]
    said = [message["content"] for message in before["messages"]]
    if path[0] != "messages" or entry.data.get("extends") or len(mine) != len(said):
        raise CannotAdopt("the prompt has it from its parent, or in another shape; change it by hand")
    if len(path) > 1 and isinstance(path[1], int) and mine[path[1]] != said[path[1]]:
        raise CannotAdopt("the message includes shared text; change the part that it comes from by hand")
