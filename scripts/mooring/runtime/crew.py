"""Builds every agent of a release: models wrapped by rung, tools bound to the environment's services."""

import httpx2
from pydantic_ai.models import Model

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime import models
from mooring.runtime.agents import Served
from mooring.runtime.breaker import Breaker
from mooring.runtime.ladder import Rung, ladder
from mooring.runtime.prompt import CompiledPrompt
from mooring.runtime.retry import Retry
from mooring.runtime.settings import Settings
from mooring.runtime.telemetry import Metrics
from mooring.runtime.tools import HttpTool

SIMULATED = "simulated"


class Crew:
    """The agents of one release by name, and the breakers they share: one per model and profile.

    Raises ValueError, KeyError or jinja2.TemplateError when the release cannot be served here.
    """

    def __init__(self, release: Release, settings: Settings, client: httpx2.AsyncClient, metrics: Metrics) -> None:
        self._content = release.content
        self._settings, self._client, self._metrics = settings, client, metrics
        self.breakers: dict[tuple[str, str], Breaker] = {}
        self.agents = {name: self._served(name, release.digest) for name in release.content.agents}

    def _served(self, name: str, digest: str) -> Served:
        content = self._content
        agent = content.agents[name]
        profile = content.resilience[agent.resilience]
        rungs = [
            Rung(self._guarded(model, agent.resilience), rung, content.models[model], self._metrics)
            for rung, model in agent.models.names()
        ]
        return Served(
            agent,
            CompiledPrompt(content.prompts[agent.prompt], agent.variables),
            profile,
            ladder(rungs, profile),
            [self._bound(tool) for tool in agent.tools],
            digest,
        )

    def _guarded(self, name: str, profile_name: str) -> Model:
        """`Breaker(Retry(Model))`, made once for all agents with this model and profile."""
        key = (name, profile_name)
        if key not in self.breakers:
            document, profile = self._content.models[name], self._content.resilience[profile_name]
            simulated = self._content.environment.endpoints == SIMULATED
            timeout = profile.ladder.request_timeout_seconds
            model = models.build(document, simulated, self._settings, self._client, timeout)
            if self._settings.wrap_model:
                model = self._settings.wrap_model(document, model)
            self.breakers[key] = Breaker(Retry(model, profile, self._metrics), profile, self._metrics)
        return self.breakers[key]

    def _bound(self, name: str) -> HttpTool:
        document = self._content.tools[name]
        return HttpTool(
            document, service_url(self._content, document.bind.service, self._settings), self._client, self._metrics
        )


def service_url(content: ReleaseContent, service: str, settings: Settings) -> str:
    """Where a tool's service is. Raises ValueError when neither the environment nor a simulator says so."""
    url = content.environment.services.get(service)
    if url is None:
        raise ValueError(f"environment {content.environment.name} does not say where service {service!r} is")
    if url != SIMULATED:
        return url
    if settings.simulator_url is None:
        raise ValueError(f"service {service!r} is simulated, but no simulator was named")
    return f"{settings.simulator_url}/services/{service}"
