"""Leaves agents and environments out of documents, with all that only they use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks import drills, patrols, references, repositories
from mooring.catalog.checks.environments import service_unused
from mooring.catalog.code import reached
from mooring.catalog.editing.removal import Path, without
from mooring.catalog.load import load
from mooring.catalog.nearest import suggestion
from mooring.catalog.source import CODE, FOLDERS, HISTORIES, Unreadable
from mooring.errors import UsageError
from mooring.spec import Agent, Drill, Environment, EvalSuite, Patrol, Tool
from mooring.spec.tool import PythonBind

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Held:
    """Files in memory, as a source of documents."""

    held: Files
    label: str = "memory"

    def files(self) -> dict[str, bytes | Unreadable]:
        below = tuple(f"{folder}/" for folder in FOLDERS)
        return {file: text for file, text in self.held.items() if file.startswith(below) and file.endswith(".yaml")}

    def code(self) -> dict[str, bytes | Unreadable]:
        return self._of(CODE, ".py")

    def histories(self) -> dict[str, bytes | Unreadable]:
        return self._of(HISTORIES, ".csv")

    def _of(self, folder: str, suffix: str) -> dict[str, bytes | Unreadable]:
        return {
            file: text for file, text in self.held.items() if file.startswith(f"{folder}/") and file.endswith(suffix)
        }


def select(files: Files, agents: Sequence[str], environments: Sequence[str]) -> dict[str, bytes]:
    """The files with these agents and environments alone; an empty list keeps all. Raises UsageError."""
    if not agents and not environments:
        return dict(files)
    kept, catalog = dict(files), _catalog(files)
    for kind, names in ((Agent, agents), (Environment, environments)):
        known = catalog.all(kind)
        if unknown := [name for name in names if name not in known]:
            near = suggestion(unknown[0], known)
            raise UsageError(f"there is no {kind.__name__} {unknown[0]!r}{near}", f"one of {', '.join(known)}")
    gone = set(catalog.all(Agent)) - set(agents) if agents else set()
    for entry in catalog.entries.values():
        document = entry.document
        unwanted = isinstance(document, Environment) and environments and document.name not in environments
        asks = isinstance(document, EvalSuite) and document.agent in gone
        asks |= isinstance(document, Drill) and any(question.agent in gone for question in document.questions)
        if unwanted or asks or (isinstance(document, Agent) and document.name in gone):
            del kept[entry.file]
    for environment in _catalog(kept).all(Environment).values():
        if set(environment.agents) <= gone:
            fix = "name one of its agents, or leave it out by naming the other environments"
            raise UsageError(f"environment {environment.name!r} would have no agent left", fix)
    for step in (lambda now: _places(now, gone), _services, _overrides):
        kept = _edited(kept, step)
    kept = _used(kept)
    for step in (_services, _overrides, _looks, _protected):
        kept = _edited(kept, step)
    return drilled(kept)


def drilled(files: Files) -> dict[str, bytes]:
    """The files without drills of what is not there, and without histories that no drill replays."""
    now, catalog = dict(files), _catalog(files)
    lost = (drills.vendor, drills.rung, drills.service, drills.agent, drills.history)
    for file in {remark.entry.file for check in lost for remark in check(catalog)}:
        del now[file]
    replayed = {f"{HISTORIES}/{drill.history}" for drill in _catalog(now).all(Drill).values()}
    return {file: text for file, text in now.items() if file in replayed or not _history(file)}


def _history(file: str) -> bool:
    return file.startswith(f"{HISTORIES}/") and file.endswith(".csv")


def _catalog(files: Files) -> Catalog:
    return load(_Held(files))[0]


def _edited(files: Files, step: Callable[[Catalog], Iterator[tuple[str, Path]]]) -> dict[str, bytes]:
    """The files without what `step` finds: (file, path of a value); asked again after each, since paths change."""
    now = dict(files)
    while (found := next(step(_catalog(now)), None)) is not None:
        file, path = found
        now[file] = without(now[file].decode(), path).encode()
    return now


def _places(catalog: Catalog, gone: set[str]) -> Iterator[tuple[str, Path]]:
    for name, environment in catalog.all(Environment).items():
        file = catalog.of(Environment)[name].file
        for at, agent in enumerate(environment.agents):
            if agent in gone:
                yield file, ["agents", at]
        for at, probe in enumerate(environment.rollout.probes):
            if probe.agent in gone:
                yield file, ["rollout", "probes", at]


def _services(catalog: Catalog) -> Iterator[tuple[str, Path]]:
    for remark in service_unused(catalog):
        yield remark.entry.file, remark.path.split(".", 1)


def _overrides(catalog: Catalog) -> Iterator[tuple[str, Path]]:
    """Overrides of documents that are there no more."""
    for remark in references.override_target(catalog):
        yield remark.entry.file, ["overrides", int(remark.path.split(".")[1])]


def _looks(catalog: Catalog) -> Iterator[tuple[str, Path]]:
    """Checks of what is there no more; of a list of names, the one alone, unless nothing would be left of it."""
    for remark in (*patrols.environment(catalog), *patrols.target(catalog)):
        if not isinstance(document := remark.entry.document, Patrol):
            yield remark.entry.file, ["patrol"]
            continue
        _, index, *rest = remark.path.split(".")
        named: tuple[str, ...] = getattr(document.checks[int(index)], rest[0]) if len(rest) == 2 else ()
        place: Path = ["checks", int(index)]
        yield remark.entry.file, [*place, rest[0], int(rest[1])] if len(named) > 1 else place


def _protected(catalog: Catalog) -> Iterator[tuple[str, Path]]:
    """What protects environments that are there no more, and their secrets."""
    for remark in repositories.environment(catalog):
        kind, rest = remark.path.split(".", 1)
        yield remark.entry.file, [kind, rest if kind == "environments" else int(rest.partition(".")[0])]


def _used(files: Files) -> dict[str, bytes]:
    """The files without the documents that nothing uses any more, and the Python modules that only they used."""
    now = dict(files)
    while unused := [remark.entry.file for remark in references.unused(_catalog(now))]:
        now = {file: content for file, content in now.items() if file not in unused}
    before = _catalog(files)
    idle = _called(before) - _called(_catalog(now))
    modules = {before.code[name].file for name in idle if name in before.code}
    return {file: content for file, content in now.items() if file not in modules}


def _called(catalog: Catalog) -> set[str]:
    """Python modules that tools need."""
    bound = [tool.bind.module for tool in catalog.all(Tool).values() if isinstance(tool.bind, PythonBind)]
    return {name for module in bound if module in catalog.code for name in reached(catalog.code, module)}
