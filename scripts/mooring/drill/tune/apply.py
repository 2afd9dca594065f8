"""A point as documents: in a release to be drilled, against the rules of the catalog, and as an edit of files."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mooring.catalog import versions
from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks import budgets, check
from mooring.catalog.editing.retext import CannotEdit, retext
from mooring.catalog.load import read
from mooring.catalog.parse import parse
from mooring.drill.arms.variants import altered
from mooring.drill.tune.space import ORDER, Point
from mooring.errors import FindingsError, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec import Agent, Resilience

RULES = (
    budgets.ladder,
    budgets.objective,
    budgets.limits,
    budgets.stacked,
    budgets.waits,
    budgets.slow_calls,
    budgets.drain,
)
"""What `moor validate` says of times; a point must not add to it."""


@dataclass(frozen=True)
class Edit:
    """A file's text before and after."""

    file: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """Unified."""
        sides = (self.before.splitlines(), self.after.splitlines())
        return "\n".join(unified_diff(*sides, f"a/{self.file}", f"b/{self.file}", lineterm="", n=1))


def with_point(content: ReleaseContent, profile: Resilience, point: Point) -> ReleaseContent:
    """The content with the profile as it is at a point, and no agents but its own. Raises ValidationError."""
    changed = altered(profile, {path: value for path, value in point.changes if path != ORDER})
    agents = {name: agent for name, agent in content.agents.items() if agent.resilience == profile.name}
    if dict(point.changes).get(ORDER):
        agents = {name: Agent.model_validate(_turned(agent)) for name, agent in agents.items()}
    return content.model_copy(update={"agents": agents, "resilience": content.resilience | {profile.name: changed}})


def _turned(agent: Agent) -> dict[str, Any]:
    data = agent.model_dump(mode="json", by_alias=True)
    models = data["models"]
    models["L0"], models["L1"] = models["L1"], models["L0"]
    return data


def release_at(release: Release, profile: Resilience, point: Point) -> Release:
    """A release of the agents of a profile at a point."""
    return Release.of(with_point(release.content, profile, point))


class Allowed:
    """Tells points that the catalog would take: valid documents, whose worst case is within what they promise."""

    def __init__(self, catalog: Catalog, profile: Resilience) -> None:
        self._catalog, self._profile = catalog, profile
        self._today = _remarks(catalog)

    def __call__(self, point: Point) -> bool:
        key = ("Resilience", self._profile.name)
        try:
            changed = altered(self._profile, {path: value for path, value in point.changes if path != ORDER})
        except ValidationError:
            return False
        new = replace(self._catalog.entries[key], document=changed)
        return not _remarks(_with(self._catalog, {key: new})) - self._today


def _remarks(catalog: Catalog) -> set[tuple[str, str]]:
    """Whose they are, and about what; the same rule may be broken by other numbers."""
    return {(remark.entry.file, remark.path) for rule in RULES for remark in rule(catalog)}


def _with(catalog: Catalog, entries: Mapping[tuple[str, str], Entry]) -> Catalog:
    return replace(catalog, entries={**catalog.entries, **entries}, memo={})


def edits(root: Path, catalog: Catalog, profile: Resilience, point: Point) -> list[Edit]:
    """The edits that make today's documents those of a point, versions raised as `moor bump` does.

    Refused(FINDINGS) when a text cannot be edited, FindingsError when the documents would not be valid.
    """
    entry = catalog.entries["Resilience", profile.name]
    changes = {path: value for path, value in point.changes if path != ORDER}
    found = [_edit(root, catalog, entry, changes)] if changes else []
    if dict(point.changes).get(ORDER):
        agents = catalog.of(Agent).values()
        found += [_edit(root, catalog, each, _other_order(each)) for each in agents if _has(each, profile.name)]
    _validate(catalog, found)
    return found


def _has(entry: Entry, profile: str) -> bool:
    return isinstance(entry.document, Agent) and entry.document.resilience == profile


def _other_order(entry: Entry) -> dict[str, Any]:
    models = entry.data["models"]
    return {"models.L0": models["L1"], "models.L1": models["L0"]}


def _edit(root: Path, catalog: Catalog, entry: Entry, changes: Mapping[str, Any]) -> Edit:
    content = (root / entry.file).read_bytes()
    if parse(entry.file, content).data != entry.data:
        raise Refused(Reason.FINDINGS, f"{entry.file} was changed while the search ran", "search again")
    before, data, wanted = content.decode(), dict(entry.data), deepcopy(dict(entry.data))
    for path, value in changes.items():
        *folders, last = path.split(".")
        place = wanted
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = int(value) if isinstance(value, float) and value.is_integer() else value
    wanted["version"] = _next_version(root, entry)
    try:
        return Edit(entry.file, before, retext(before, data, wanted))
    except CannotEdit:
        paths = ", ".join(changes)
        raise Refused(Reason.FINDINGS, f"{entry.file}: {paths} cannot be edited", "write them there by hand") from None


def _next_version(root: Path, entry: Entry) -> str:
    """The one that is free after what HEAD has; without git, just the next."""
    name = f"{entry.document.kind}/{entry.document.name}"
    try:
        (bump,) = versions.bumps(root, "HEAD", [name])
    except UsageError:
        (bump,) = versions.bumps(root, None, [name])
    return bump.after


def _validate(catalog: Catalog, found: Sequence[Edit]) -> None:
    entries, findings = {}, []
    for edit in found:
        key, entry, wrong = read(edit.file, edit.after.encode())
        findings += wrong
        if key is not None and entry is not None:
            entries[key] = entry
    if findings := findings or check(_with(catalog, entries)):
        raise FindingsError(findings)
