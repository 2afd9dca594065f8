"""Builds every agent of a release: models wrapped by rung, tools bound to the environment's services."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import partial

import httpx2
from pydantic_ai.models import Model

from mooring import spec
from mooring.release.release import Release
from mooring.runtime.agent import models
from mooring.runtime.agent.allowance import Allowance
from mooring.runtime.agent.breaker import Breaker
from mooring.runtime.agent.context.summary import Summariser
from mooring.runtime.agent.context.tokens import Tokens
from mooring.runtime.agent.context.window import Window
from mooring.runtime.agent.ladder.answers import Contract, Prepared, last_rungs
from mooring.runtime.agent.ladder.fitting import Fitting, misfit
from mooring.runtime.agent.ladder.hedging import Hedging
from mooring.runtime.agent.ladder.ladder import Ladder
from mooring.runtime.agent.ladder.own import Own
from mooring.runtime.agent.ladder.rung import Rung
from mooring.runtime.agent.queue import Queue
from mooring.runtime.agent.retry import Retry
from mooring.runtime.agent.served import Served
from mooring.runtime.agent.tools.toolbox import Toolbox
from mooring.runtime.agent.unfinished import Unfinished
from mooring.runtime.core.circuit import Circuit
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.shape import checker
from mooring.runtime.memory.durable.checkpoints import Checkpoints
from mooring.runtime.memory.last_good import LastGoodStore
from mooring.runtime.memory.memories import Memories
from mooring.runtime.watch.telemetry import Metrics


class ReleaseAgents:
    """The agents of one release by name, and the circuits and retries they share: by model and profile.

    Raises ValueError, KeyError or jinja2.TemplateError when the release cannot be served here.
    """

    def __init__(
        self,
        release: Release,
        settings: Settings,
        client: httpx2.AsyncClient,
        metrics: Metrics,
        last_good: LastGoodStore | None = None,
        memories: Memories | None = None,
    ) -> None:
        self._content = release.content
        self._settings, self._client, self._metrics = settings, client, metrics
        self._tokens = Tokens()
        self.summarisers: dict[str, Summariser] = {}
        self._last_good = last_good or LastGoodStore()
        self._hedging = self._hedged()
        self._models: dict[str, Model] = {}
        self.breakers: dict[tuple[str, str], Circuit] = {}
        self._retries: dict[tuple[str, str], Allowance] = {}
        self.toolbox = Toolbox(release.content, settings, client, metrics, memories)
        self.agents = {name: self._served(name, release.digest) for name in release.content.agents}

    def _served(self, name: str, digest: str) -> Served:
        content = self._content
        agent = content.agents[name]
        profile = content.resilience[agent.resilience]
        prompt = self._prompt(agent, agent.prompt)
        contract = self._contract(agent)
        prepared = Prepared(profile, contract, self._last_good)
        hedging = self._hedging.get(agent.resilience)
        return Served(
            agent,
            prompt,
            profile,
            Ladder(self._calling(agent, prompt), last_rungs(profile, prepared), self._metrics, hedging),
            prepared,
            self.toolbox.tools(agent),
            digest,
            [Checkpoints()] if profile.checkpoint.mode == "durable" else [],
        )

    def _hedged(self) -> dict[str, Hedging]:
        """By profile. An evaluation asks one rung at a time, or it would measure the next one."""
        profiles = self._content.resilience.items() if self._settings.hedging else ()
        return {name: Hedging(profile.ladder.hedge) for name, profile in profiles if profile.ladder.hedge.enabled}

    def _contract(self, agent: spec.Agent) -> Contract:
        tools = [self._content.tools[name] for name in agent.tools]
        effects = frozenset(tool.exported for tool in tools if not tool.annotations.read_only_hint)
        personal = frozenset(tool.exported for tool in tools if tool.memory)
        told = dict.fromkeys(name for _, name in agent.prompts())
        documents = "".join(
            [agent.model_dump_json(), *(self._content.prompts[name].model_dump_json() for name in told)]
        )
        # What the simulator once said is no good answer where a provider is asked.
        documents += json.dumps(self._content.endpoints_of(agent))
        about = hashlib.sha256(documents.encode()).hexdigest()
        if agent.output.type == "text":
            return Contract(about, effects, personal)
        schema = checker(agent.output.json_schema or {})
        return Contract(about, effects, personal, fits=lambda text: not misfit(schema, text), plain=False)

    def _calling(self, agent: spec.Agent, prompt: CompiledPrompt) -> Sequence[Rung | Fitting]:
        """The rungs of an agent that call a model, the best first. Raises ValueError when there is none."""
        pinned = self._settings.rung
        names = [(rung, name) for rung, name in agent.models.names() if pinned in (None, rung)]
        if not names:
            raise ValueError(f"agent {agent.name} has no rung {pinned}")
        made: list[Rung] = []
        for number, (rung, name) in enumerate(names):
            below = [lower for lower, _ in names[number + 1 :]]
            standing = self._standing(agent, prompt, rung, below)
            document = self._content.models[name]
            simulated = self._content.environment.simulates(document.provider)
            made.append(Rung(standing, rung, document, self._metrics, simulated))
        if agent.output.type == "text":
            return made
        schema = checker(agent.output.json_schema or {})
        return [Fitting(rung, schema) for rung in made]

    def _standing(self, agent: spec.Agent, main: CompiledPrompt, rung: str, below: Sequence[str]) -> Model:
        """The model of a rung behind its window, and told what the rung says where that is not what the agent says."""
        standing = agent.models.of(rung)
        if standing is None or not standing.own:
            return self._windowed(agent, main.head, rung, below)
        own = self._prompt(agent, standing.prompt) if standing.prompt else None
        tools = None if standing.tools is None else self._exported(agent.tools_of(rung))
        windowed = self._windowed(agent, own.head if own else main.head, rung, below)
        return Own(windowed, main, own, tools, standing.max_output_tokens)

    def _prompt(self, agent: spec.Agent, name: str) -> CompiledPrompt:
        return CompiledPrompt(self._content.prompts[name], agent.variables)

    def _exported(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(self._content.tools[name].exported for name in names)

    def _windowed(self, agent: spec.Agent, head: int, rung: str, below: Sequence[str]) -> Model:
        profile = agent.profiled(self._content.resilience[agent.resilience])
        name = dict(agent.models.names())[rung]
        guarded, summariser = self._guarded(name, profile, rung, below), self._summariser(profile.name)
        document = agent.limited(rung, self._content.models[name])
        return Window(guarded, document, profile.context, head, self._tokens, self._metrics, summariser)

    def _summariser(self, profile_name: str) -> Summariser | None:
        profile = self._content.resilience[profile_name]
        policy, name = profile.context, profile.context.summary_model
        if name is not None and profile_name not in self.summarisers:
            model = self._guarded(name, profile, "L2", ["L0"])
            self.summarisers[profile_name] = Summariser(model, self._content.models[name], policy.summary_seconds)
        return self.summarisers.get(profile_name)

    def _guarded(self, name: str, profile: spec.Resilience, rung: str, below: Sequence[str]) -> Model:
        """`Breaker(Retry(Model))` as a rung with `below` under it; all share the client, and by profile the circuit."""
        if name not in self._models:
            document = self._content.models[name]
            simulated = self._content.environment.simulates(document.provider)
            model = models.build(document, simulated, self._settings, self._client)
            wrap = self._settings.wrap_model
            asked = wrap(document, model) if wrap else model
            priced = Unfinished(asked, document, self._tokens, self._metrics)
            most = document.max_in_flight
            self._models[name] = Queue(priced, partial(self._settings.part, most)) if most else priced
        circuit = self.breakers.setdefault((name, profile.name), Circuit(profile.breaker))
        allowance = self._retries.setdefault((name, profile.name), Allowance(profile.retry.max_share))
        tried = Retry(self._models[name], name, profile, rung, below, self._metrics, allowance)
        return Breaker(tried, circuit, profile.ladder.rungs.of(rung))
