"""What `moor new` writes for each kind, and what is left to do: one row a kind of the spec."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog
from mooring.catalog.nearest import suggestion
from mooring.errors import UsageError
from mooring.spec import KINDS, Agent, Chat, Environment, Export, Guards, Objectives, Patrol, Prompt, Tool
from mooring.starter import choices, documents
from mooring.starter.documents import ALTERNATE, PRIMARY, Files
from mooring.starter.minimal import EXPORT, FIRST_PORT, GUARDS, PROFILE
from mooring.starter.template import document, place, title, word


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `agent` is who a new suite asks, by default who its name says; `environments` are those
    that a new agent joins."""

    name: str
    owner: str
    agent: str | None = None
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """How documents of a kind begin.

    `write` gives the document first, then those that it needs and the repository does not have. It raises UsageError.
    `then` says what is left to do, in a sentence each.
    """

    write: Callable[[Wish, Catalog], Files]
    then: Callable[[Wish, Catalog], list[str]]


def _agent(wish: Wish, catalog: Catalog) -> Files:
    name, owner, needed = wish.name, wish.owner, Files()
    rungs, profile = choices.rungs(catalog), choices.profile(catalog)
    if catalog.get(Prompt, name) is None:
        needed |= documents.prompt(name, owner)
    if not rungs:
        rungs = [("L0", PRIMARY), ("L1", ALTERNATE)]
        needed |= documents.model(PRIMARY, owner) | documents.model(ALTERNATE, owner)
    if profile is None:
        profile = PROFILE
        needed |= documents.resilience(PROFILE, owner)
    variables = choices.variables(catalog, name, name)
    written = documents.agent(name, owner, prompt=name, models=rungs, resilience=profile, variables=variables)
    return written | needed


def _after_agent(wish: Wish, catalog: Catalog) -> list[str]:
    probe = choices.probe(catalog, wish.name)
    asked = f"`- {{agent: {wish.name}, say: {probe.say}, expect: '{probe.expect}'}}`"
    joining = f"add `- {wish.name}` to `agents` of an environment, and {asked} to its `rollout.probes`"
    return [
        f"write in {place('Prompt', wish.name)} what it is told",
        *([joining] if not wish.environments else ["moor bump"]),
        f"moor new suite {wish.name}/smoke",
    ]


def _suite(wish: Wish, catalog: Catalog) -> Files:
    asked = choices.probe(catalog, _asked(wish, catalog))
    smoke = wish.name.rsplit("/", 1)[-1] == "smoke"
    return documents.suite(wish.name, wish.owner, asked, smoke=smoke, ours=False)


def _asked(wish: Wish, catalog: Catalog) -> str:
    """The agent that a suite asks: the one that was named, that its name begins with, or the only one."""
    agents = list(catalog.all(Agent))
    if wish.agent is not None:
        if wish.agent not in agents:
            raise UsageError(f"there is no agent {wish.agent!r}{suggestion(wish.agent, agents)}")
        return wish.agent
    if not agents:
        raise UsageError("there is no agent that a suite could ask", "moor new agent NAME")
    within = [name for name in agents if f"{wish.name}/".startswith(f"{name}/")]
    if within or len(agents) == 1:
        return max(within or agents, key=len)
    raise UsageError("which agent does the suite ask?", f"--agent, with one of {', '.join(agents)}")


def _environment(wish: Wish, catalog: Catalog) -> Files:
    agents = choices.deployed(catalog)
    if not agents:
        raise UsageError("there is no agent that an environment could run", "moor new agent NAME")
    production = documents.tier(wish.name) == "production"
    exports = [name for name, export in catalog.all(Export).items() if export.encryption]
    exported = next(iter(exports), EXPORT) if production else ""
    written = documents.environment(
        wish.name,
        wish.owner,
        port=choices.port(catalog, FIRST_PORT),
        probes=[choices.probe(catalog, name) for name in agents],
        services=choices.services(catalog, agents),
        drain=choices.drain(catalog, agents),
        export=exported,
        objectives=next(iter(catalog.all(Objectives)), ""),
        patrol=next(iter(catalog.all(Patrol)), ""),
        chat=next(iter(catalog.all(Chat)), ""),
    )
    if production and not catalog.all(Guards):
        written |= document("Guards", GUARDS, wish.owner)
    return written | (document("Export", EXPORT, wish.owner) if production and not exports else {})


def _tool(wish: Wish, catalog: Catalog) -> Files:
    last = wish.name.rsplit("/", 1)[-1]
    service, export = choices.service(catalog, wish.name), last.replace("-", "_")
    return document("Tool", wish.name, wish.owner, service=service, export=export, path=last)


def _after_tool(wish: Wish, catalog: Catalog) -> list[str]:
    service = choices.service(catalog, wish.name)
    known = service in {tool.service for tool in catalog.all(Tool).values()}
    placed = [f"add `{service}` to `services` of each environment of that agent: where it is, or `simulated`"]
    return [
        f"write in {place('Tool', wish.name)} what it takes, what it gives back, and who answers",
        f"add `- {wish.name}` to `tools` of an agent",
        *(placed if not known else []),
    ]


def _part(wish: Wish, catalog: Catalog) -> Files:
    return document("PromptPart", _shared(wish), wish.owner)


def _shared(wish: Wish) -> str:
    """The name of a part, which prompts include with its `shared/`."""
    return wish.name if wish.name.startswith("shared/") else f"shared/{wish.name}"


def _model(wish: Wish, catalog: Catalog) -> Files:
    return documents.model(wish.name, wish.owner)


def _after_model(wish: Wish, catalog: Catalog) -> list[str]:
    guessed = wish.name not in documents.MODELS
    unsure = ["correct `id`, `baseUrl`, `contextWindow` and `prices`: they cannot be known from its name"]
    return [*(unsure if guessed else []), f"name it under `models` of an agent, such as `L1: {wish.name}`"]


ROWS: Mapping[str, Row] = {
    "Agent": Row(_agent, _after_agent),
    "Chat": Row(
        lambda wish, _: document("Chat", wish.name, wish.owner),
        lambda wish, _: [
            "name people with their ids, and connect a platform",
            f"name it in an environment: `chat: {wish.name}`",
            "moor chat run /help",
        ],
    ),
    "Drift": Row(
        lambda wish, _: document("Drift", wish.name, wish.owner), lambda *_: ["moor drift ENV shows what it answers"]
    ),
    "Drill": Row(
        lambda wish, catalog: documents.drill(wish.name, wish.owner, [rung for rung, _ in choices.rungs(catalog)]),
        lambda wish, _: ["write what fails, when and how badly", f"moor drill {wish.name}"],
    ),
    "Environment": Row(
        _environment,
        lambda wish, _: [f"look at its tier, agents and port, then: moor plan {wish.name}", f"moor up {wish.name}"],
    ),
    "EvalSuite": Row(_suite, lambda wish, _: ["add the cases that matter", f"moor eval {wish.name}"]),
    "Export": Row(
        lambda wish, _: document("Export", wish.name, wish.owner),
        lambda wish, _: [f"name it in an environment: `export: {wish.name}`", "moor state export ENV"],
    ),
    "Guards": Row(
        lambda wish, _: document("Guards", wish.name, wish.owner), lambda *_: ["moor plan ENV shows what they refuse"]
    ),
    "Model": Row(_model, _after_model),
    "Objectives": Row(
        lambda wish, _: document("Objectives", wish.name, wish.owner),
        lambda wish, _: [f"name it in an environment: `objectives: {wish.name}`", "moor objectives check ENV"],
    ),
    "Patrol": Row(
        lambda wish, _: document("Patrol", wish.name, wish.owner),
        lambda wish, _: [f"name it in an environment: `patrol: {wish.name}`", "moor patrol ENV"],
    ),
    "Prompt": Row(
        lambda wish, _: documents.prompt(wish.name, wish.owner),
        lambda wish, _: [
            f"write in {place('Prompt', wish.name)} what {title(wish.name)} is told",
            f"name it in an agent: `prompt: {wish.name}`",
        ],
    ),
    "PromptPart": Row(
        _part, lambda wish, _: [f'include it in the system message of a prompt: {{% include "{_shared(wish)}" %}}']
    ),
    "Repository": Row(
        lambda wish, catalog: documents.repository(wish.name, wish.owner, list(catalog.all(Environment))),
        lambda *_: ["moor doctor --github", "moor doctor --github --fix"],
    ),
    "Resilience": Row(
        lambda wish, _: documents.resilience(wish.name, wish.owner),
        lambda wish, _: [f"name it in an agent: `resilience: {wish.name}`", "moor validate --budgets"],
    ),
    "Tool": Row(_tool, _after_tool),
}
"""Every kind that a team writes by hand."""

ELSEWHERE: Mapping[str, str] = {"Override": "moor plan ENV prints the one that a plan needs"}
"""Kinds of the spec that do not begin here, and where they do."""


_LIKENESS = 0.7
"""From here on a word was probably meant to be another; a kind of a later version is not."""


def kinds() -> dict[str, str]:
    """The kinds that `moor new` takes, by the word for it."""
    return {word(kind): kind for kind in KINDS if kind in ROWS}


def kind_of(said: str) -> str:
    """The kind that a word means. Raises UsageError for one that this version does not have."""
    known = kinds()
    asked = said.lower().removeprefix("eval")
    if (kind := known.get(asked)) is not None:
        return kind
    elsewhere = {word(kind): kind for kind in ELSEWHERE}
    if (kind := elsewhere.get(asked)) is not None:
        raise UsageError(f"no {kind} is begun from nothing", ELSEWHERE[kind])
    near = suggestion(asked, known, likeness=_LIKENESS)
    raise UsageError(f"this version has no kind of document {said!r}{near}", f"one of {', '.join(known)}")
