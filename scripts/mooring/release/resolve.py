"""Resolves a catalog to the release of one environment: overrides applied, only what its agents reach."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

from mooring.catalog.catalog import Catalog
from mooring.catalog.code import reached as modules_reached
from mooring.catalog.nearest import suggestion
from mooring.catalog.overrides import apply
from mooring.catalog.prompts import BrokenPrompt, Flat, flatten
from mooring.errors import FindingsError, UsageError
from mooring.finding import Finding
from mooring.release.content import Code, ReleaseContent, ResolvedPrompt
from mooring.release.release import Release
from mooring.spec import (
    Agent,
    Chat,
    Document,
    Drift,
    Environment,
    Export,
    Guards,
    Model,
    Objectives,
    Patrol,
    Prompt,
    Repository,
    Resilience,
    Tool,
)
from mooring.spec.document import JsonSchema
from mooring.spec.tool import PythonBind

D = TypeVar("D", bound=Document)


def resolve(catalog: Catalog, environment: str) -> Release:
    """The release that `environment` should run.

    The overrides are written into the documents and left out of the environment: a value has one place.
    UsageError for an unknown environment, FindingsError for overrides and references that do not work.
    """
    return Release.of(_Resolution(catalog, _environment(catalog, environment)).content())


def _environment(catalog: Catalog, name: str) -> Environment:
    known = catalog.all(Environment)
    if name in known:
        return known[name]
    there = f"there are: {', '.join(sorted(known))}" if known else "there are none in configs/environments"
    raise UsageError(f"no environment {name!r}{suggestion(name, known)} ({there})")


class _Resolution:
    """Documents of one environment, and the findings made on the way to them."""

    def __init__(self, catalog: Catalog, environment: Environment) -> None:
        self.catalog = catalog
        self.environment = environment
        self.findings: list[Finding] = []
        self.overridden: dict[tuple[str, str], Document] = {}

    def content(self) -> ReleaseContent:
        self._override()
        agents = self._named(Agent, ((name, "agents") for name in self.environment.agents))
        prompts = self._named(Prompt, _prompts(agents.values()))
        reached = [(name, _of(agent, "tools")) for agent in agents.values() for name in agent.tools]
        models = [(name, _of(agent, "models")) for agent in agents.values() for _, name in agent.models.names()]
        profiles = self._named(Resilience, ((agent.resilience, _of(agent, "resilience")) for agent in agents.values()))
        contexts = ((profile.context.summary_model, profile) for profile in profiles.values())
        models += [(name, _of(profile, "context")) for name, profile in contexts if name is not None]
        tools = self._named(Tool, reached)
        content = ReleaseContent(
            environment=self.environment.model_copy(update={"overrides": ()}),
            agents=agents,
            prompts=dict(self._flat(prompts)),
            tools=tools,
            code=self._code(tools.values()),
            models=self._named(Model, models),
            resilience=profiles,
            guards=self.catalog.all(Guards),
            drift=self.catalog.all(Drift),
            exports=self._named(Export, ((name, "export") for name in (self.environment.export,) if name)),
            objectives=self._named(
                Objectives, ((name, "objectives") for name in (self.environment.objectives,) if name)
            ),
            patrols=self._named(Patrol, ((name, "patrol") for name in (self.environment.patrol,) if name)),
            chats=self._named(Chat, ((name, "chat") for name in (self.environment.chat,) if name)),
            repositories=self.catalog.all(Repository),
        )
        if self.findings:
            raise FindingsError(self.findings)
        return content

    def _override(self) -> None:
        kinds: dict[str, type[Document]] = {"Agent": Agent, "Model": Model, "Resilience": Resilience, "Tool": Tool}
        for index, override in enumerate(self.environment.overrides):
            key, place = (override.kind, override.name), f"overrides.{index}"
            document = self.overridden.get(key) or self.catalog.get(kinds[override.kind], override.name)
            if document is None:
                self._find(f"{place}.name", f"override of {override.kind} {override.name}, which does not exist")
                continue
            self.overridden[key], problems = apply(override, document)
            for path, message in problems:
                self._find(f"{place}.set.{path}", f"override of {override.kind} {override.name}: {message}")

    def _named(self, kind: type[D], wanted: Iterable[tuple[str, str]]) -> dict[str, D]:
        found: dict[str, D] = {}
        for name, user in wanted:
            changed = self.overridden.get((kind.__name__, name))
            document = changed if isinstance(changed, kind) else self.catalog.get(kind, name)
            if document is None:
                self._find("agents", f"{user} names {kind.__name__} {name}, which does not exist")
            else:
                found[name] = document
        return found

    def _code(self, tools: Iterable[Tool]) -> dict[str, Code]:
        """The modules that Python tools run, each with the owner of the first tool that needs it."""
        found: dict[str, Code] = {}
        for tool in tools:
            if not isinstance(tool.bind, PythonBind):
                continue
            if tool.bind.module not in self.catalog.code:
                self._find("agents", f"tool {tool.name} calls {tool.bind.callable}, which does not exist")
            for name in sorted(modules_reached(self.catalog.code, tool.bind.module) - found.keys()):
                source = self.catalog.code[name].source
                version = hashlib.sha256(source.encode()).hexdigest()[:12]
                found[name] = Code(name=name, version=version, owner=tool.owner, source=source)
        return found

    def _flat(self, prompts: dict[str, Prompt]) -> Iterator[tuple[str, ResolvedPrompt]]:
        for name, prompt in prompts.items():
            try:
                flat = flatten(self.catalog, prompt)
            except BrokenPrompt as error:
                self._find("agents", str(error))
                continue
            if flat.input is None:
                self._find("agents", f"prompt {name} has no input schema, and neither has a parent")
                continue
            yield name, _resolved(prompt, flat, flat.input)

    def _find(self, path: str, message: str) -> None:
        entry = self.catalog.entry("Environment", self.environment.name)
        file, line = (entry.file, entry.lines.at(path)) if entry else ("", 0)
        self.findings.append(Finding(file, line, path, message, "resolve"))


def _prompts(agents: Iterable[Agent]) -> Iterator[tuple[str, str]]:
    return ((name, _of(agent, path)) for agent in agents for path, name in agent.prompts())


def _of(document: Document, field: str) -> str:
    return f"{field} of {type(document).__name__.lower()} {document.name}"


def _resolved(prompt: Prompt, flat: Flat, schema: JsonSchema) -> ResolvedPrompt:
    return ResolvedPrompt(
        name=prompt.name,
        version=prompt.version,
        owner=prompt.owner,
        input=schema,
        output=flat.output,
        messages=flat.messages,
        parts=flat.parts,
    )
