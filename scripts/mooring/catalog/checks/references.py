"""Names that documents give each other, and documents that nobody names."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.nearest import suggestion
from mooring.catalog.prompts import texts
from mooring.spec import Agent, Environment, EvalSuite, Guards, Model, Override, Prompt, PromptPart, Resilience, Tool
from mooring.spec.guards import COMMANDS
from mooring.spec.rungs import Rung

Place = tuple[str, str]
"""(dotted path, name given there)"""


def _unresolved(catalog: Catalog, entry: Entry, kind: str, places: Iterator[Place]) -> Remarks:
    for path, name in places:
        if (kind, name) not in catalog.entries and (kind, name) not in catalog.broken:
            known = [known for of, known in (*catalog.entries, *catalog.broken) if of == kind]
            yield Remark(entry, path, f"there is no {kind} {name!r}{suggestion(name, known)}")


def prompt(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        yield from _unresolved(catalog, catalog.of(Agent)[name], "Prompt", iter(agent.prompts()))
    for name, child in catalog.all(Prompt).items():
        if child.extends is not None:
            yield from _unresolved(catalog, catalog.of(Prompt)[name], "Prompt", iter([("extends", child.extends)]))


def part(catalog: Catalog) -> Remarks:
    known = [name for kind, name in (*catalog.entries, *catalog.broken) if kind == "PromptPart"]
    for text in texts(catalog):
        for name, line in text.template.includes:
            if name not in known:
                message = f"there is no PromptPart {name!r}{suggestion(name, known)}"
                yield Remark(text.entry, text.path, message, text.line(line))


def tool(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        places = ((f"tools.{index}", used) for index, used in enumerate(agent.tools))
        yield from _unresolved(catalog, catalog.of(Agent)[name], "Tool", places)


def model(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        places = (_of_rung(rung, standing) for rung, standing in agent.models.all())
        yield from _unresolved(catalog, catalog.of(Agent)[name], "Model", places)
    for name, profile in catalog.all(Resilience).items():
        if summary := profile.context.summary_model:
            place = iter([("context.summaryModel", summary)])
            yield from _unresolved(catalog, catalog.of(Resilience)[name], "Model", place)


def _of_rung(rung: str, standing: Rung) -> Place:
    return f"models.{rung}.model" if standing.own else f"models.{rung}", standing.model


def resilience(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        yield from _unresolved(catalog, catalog.of(Agent)[name], "Resilience", iter([("resilience", agent.resilience)]))


def agent(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        places = ((f"agents.{index}", used) for index, used in enumerate(environment.agents))
        yield from _unresolved(catalog, catalog.of(Environment)[name], "Agent", places)


def export(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        places = [("export", environment.export)] if environment.export else []
        yield from _unresolved(catalog, catalog.of(Environment)[name], "Export", iter(places))


def objectives(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        places = [("objectives", environment.objectives)] if environment.objectives else []
        yield from _unresolved(catalog, catalog.of(Environment)[name], "Objectives", iter(places))


def chat(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        places = [("chat", environment.chat)] if environment.chat else []
        yield from _unresolved(catalog, catalog.of(Environment)[name], "Chat", iter(places))


def patrol(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        places = [("patrol", environment.patrol)] if environment.patrol else []
        yield from _unresolved(catalog, catalog.of(Environment)[name], "Patrol", iter(places))


def override_target(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        for index, override in enumerate(environment.overrides):
            place = iter([(f"overrides.{index}.name", override.name)])
            yield from _unresolved(catalog, catalog.of(Environment)[name], override.kind, place)


def guard(catalog: Catalog) -> Remarks:
    known = {guard.name for guards in catalog.all(Guards).values() for guard in guards.guards}
    known |= COMMANDS
    if any(kind == "Guards" for kind, _ in catalog.broken):
        return
    for name, override in catalog.all(Override).items():
        for index, named in enumerate(override.guards):
            if named not in known:
                message = f"there is no guard {named!r}{suggestion(named, known)}"
                yield Remark(catalog.of(Override)[name], f"guards.{index}", message)


def unused(catalog: Catalog) -> Remarks:
    if catalog.broken:
        return
    used = _used(catalog)
    for kind in (Agent, Model, Prompt, PromptPart, Resilience, Tool):
        for name, entry in catalog.of(kind).items():
            if (kind.__name__, name) not in used:
                yield Remark(entry, "name", f"{kind.__name__} {name!r} is used by no environment's agents")


def _used(catalog: Catalog) -> set[tuple[str, str]]:
    """Everything reached from the environments, whether it is there or not, and the models that judge."""
    environments = catalog.all(Environment).values()
    used = {("Agent", name) for environment in environments for name in environment.agents}
    used |= {("Model", suite.judge.model) for suite in catalog.all(EvalSuite).values() if suite.judge}
    overrides = (override for environment in environments for override in environment.overrides)
    named = {value for override in overrides for value in override.set.values() if isinstance(value, str)}
    used |= {key for key in catalog.entries if key[1] in named}
    waiting = list(used)
    while waiting:
        for key in _names(catalog, waiting.pop()):
            if key not in used:
                used.add(key)
                waiting.append(key)
    return used


def _names(catalog: Catalog, key: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """What one document names."""
    entry = catalog.entries.get(key)
    document = entry.document if entry else None
    if isinstance(document, Agent):
        yield from (("Prompt", name) for _, name in document.prompts())
        yield "Resilience", document.resilience
        yield from (("Tool", name) for name in document.tools)
        yield from (("Model", name) for _, name in document.models.names())
    if isinstance(document, Resilience) and document.context.summary_model is not None:
        yield "Model", document.context.summary_model
    if isinstance(document, Prompt) and document.extends is not None:
        yield "Prompt", document.extends
    if entry is not None and isinstance(document, Prompt | PromptPart):
        for text in texts(catalog, entry):
            yield from (("PromptPart", name) for name, _ in text.template.includes)
