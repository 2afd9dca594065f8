"""Rungs with a prompt, tools and limits of their own: nothing that the agent itself does not allow, and in time."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.agents import first_call, rung_tools, told
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.schemas import conflicts
from mooring.catalog.checks.uses import Family, families
from mooring.catalog.deployed import deployed
from mooring.catalog.jsonschemas import required
from mooring.catalog.nearest import suggestion
from mooring.spec import Agent, Model, Resilience, Tool

CONVERSATION_TOKENS = 400
"""What a rung reads besides its prompt and tools: a question, and a turn before it. An expectation, not a bound."""


def _own_prompts(catalog: Catalog) -> Iterator[tuple[Entry, str, Family, Family]]:
    """(agent, dotted path, the agent's prompt, the rung's) for each prompt of a rung's own."""
    for _, entry, agent in deployed(catalog):
        main = families(catalog).get(agent.prompt)
        for path, name in agent.prompts()[1:]:
            family = families(catalog).get(name)
            if main is not None and family is not None and name != agent.prompt:
                yield entry, path, main, family


def prompt(catalog: Catalog) -> Remarks:
    for entry, path, main, family in _own_prompts(catalog):
        known, own, name = main.properties, family.properties, main.prompt.name
        for given in sorted(own.keys() - known.keys()):
            message = f"takes the input {given!r}, which the agent's prompt {name!r} does not{suggestion(given, known)}"
            yield Remark(entry, path, message)
        for given in sorted((family.untrusted() ^ main.untrusted()) & own.keys() & known.keys()):
            if given in main.untrusted():
                message = f"trusts the input {given!r}, which is x-untrusted in the agent's prompt {name!r}"
                yield Remark(entry, path, message)
        for given in required(family.flat.input):
            if given in main.untrusted() and given not in required(main.flat.input):
                yield Remark(entry, path, f"requires the input {given!r}, which a request need not give to {name!r}")
        for at, message in conflicts(main.flat.input, family.flat.input, "input.schema", required=False):
            yield Remark(entry, path, f"{at}: {message} in the agent's prompt {name!r}")
        yield from _promise(entry, path, main, family)


def _promise(entry: Entry, path: str, main: Family, family: Family) -> Remarks:
    """The output is one contract, whoever answers."""
    promised, own = main.flat.output, family.flat.output
    if promised is not None and own is None:
        yield Remark(entry, path, f"promises no output.schema, but the agent's prompt {main.prompt.name!r} does")
    elif promised is not None:
        for at, message in conflicts(promised, own, "output.schema", required=True):
            yield Remark(entry, path, f"{at}: {message} in the agent's prompt {main.prompt.name!r}")


def tools(catalog: Catalog) -> Remarks:
    for _, entry, agent in deployed(catalog):
        for path, names in rung_tools(agent):
            for index, name in enumerate(names):
                if name not in agent.tools:
                    message = f"{name!r} is none of the agent's tools{suggestion(name, agent.tools)}"
                    yield Remark(entry, f"{path}.{index}", message)


def limits(catalog: Catalog) -> Remarks:
    for view, entry, agent in deployed(catalog):
        for rung, standing in agent.models.all():
            model = view.get(Model, standing.model)
            if model is None:
                continue
            most, room = model.options.max_output_tokens, model.context_window - model.options.max_output_tokens
            if standing.max_output_tokens is not None and standing.max_output_tokens > most:
                message = f"the model's own limit of {most} tokens is reached before {standing.max_output_tokens}"
                yield Remark(entry, f"models.{rung}.maxOutputTokens", message)
            if standing.max_input_tokens is not None and standing.max_input_tokens > room:
                message = (
                    f"the model's window has room for {room} tokens of input, fewer than {standing.max_input_tokens}"
                )
                yield Remark(entry, f"models.{rung}.maxInputTokens", message)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rung reads before its first word: `tokens` of prompt and tools, and of a conversation beside them."""

    rung: str
    tokens: int
    conversation: int
    rate: float
    limit: float

    @property
    def seconds(self) -> float:
        """Until its first word, at least."""
        return (self.tokens + self.conversation) / self.rate

    def __str__(self) -> str:
        return (
            f"{self.rung}: about {self.tokens:,} tokens of prompt and tools, and {self.conversation:,} of a"
            f" conversation, take {self.seconds:.3g} s at {self.rate:g} tokens/s, its limit is {self.limit:g} s"
        )


def readings(view: Catalog, agent: Agent) -> Iterator[Reading]:
    """What rungs read whose model says how fast it does, as `view` has the documents."""
    profile = view.get(Resilience, agent.resilience)
    for rung, standing in agent.models.all() if profile else ():
        model, family = view.get(Model, standing.model), families(view).get(agent.prompt_of(rung))
        if profile is None or model is None or family is None or model.prompt_tokens_per_second is None:
            continue
        used = [tool for name in agent.tools_of(rung) if (tool := view.get(Tool, name)) is not None]
        tokens = round(told(family, agent, used))
        most = first_call(family, agent, used) - tokens
        window = agent.limited(rung, model)
        room = window.context_window - window.options.max_output_tokens - tokens
        beside = max(0, min(CONVERSATION_TOKENS, room, most or CONVERSATION_TOKENS))
        limit = agent.profiled(profile).ladder.rungs.of(rung).beginning
        yield Reading(rung, tokens, beside, model.prompt_tokens_per_second, limit)


def speed(catalog: Catalog) -> Remarks:
    for view, entry, agent in deployed(catalog):
        for reading in readings(view, agent):
            if reading.seconds > reading.limit:
                yield Remark(entry, f"models.{reading.rung}", str(reading))
