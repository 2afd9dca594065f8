"""The tools of one release, bound to the services of its environment, its code and its memory."""

import httpx2

from mooring import spec
from mooring.release.content import ReleaseContent
from mooring.runtime.agent.tools.binding import Binding
from mooring.runtime.agent.tools.http import HttpBinding
from mooring.runtime.agent.tools.mcp import McpBinding, McpServer
from mooring.runtime.agent.tools.memory import RecallBinding, RememberBinding
from mooring.runtime.agent.tools.tool import BoundTool
from mooring.runtime.agent.tools.workers import PythonBinding, Workers
from mooring.runtime.core.circuit import Circuit
from mooring.runtime.core.settings import Settings
from mooring.runtime.memory.memories import Memories
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.endpoints import SIMULATED
from mooring.spec.tool import HttpBind, PythonBind, RecallBind, RememberBind
from mooring.state.database import Database


class Toolbox:
    """Makes the tools of agents. What they share is made once: processes, sessions, and breakers by (tool, profile)."""

    def __init__(
        self,
        content: ReleaseContent,
        settings: Settings,
        client: httpx2.AsyncClient,
        metrics: Metrics,
        memories: Memories | None = None,
    ) -> None:
        self._content, self._settings, self._client, self._metrics = content, settings, client, metrics
        self._memories = memories or Memories(Database(None))
        modules = {name: code.source for name, code in content.code.items()}
        self.workers: Workers = (
            settings.workers_of(modules) if settings.workers_of else Workers(modules, settings.environ)
        )
        self.circuits: dict[tuple[str, str], Circuit] = {}
        self._bindings: dict[str, Binding] = {}
        self._servers: dict[str, McpServer] = {}

    def tools(self, agent: spec.Agent) -> list[BoundTool]:
        """An agent's tools. Raises ValueError when a service of one is nowhere."""
        return [self._bound(name, agent) for name in agent.tools]

    async def close(self) -> None:
        """Ends the processes of Python tools."""
        await self.workers.close()

    def binding(self, name: str) -> Binding:
        """What a tool is bound to, without limits and breaker. Raises ValueError when its service is nowhere."""
        if name not in self._bindings:
            self._bindings[name] = self._binding(self._content.tools[name].bind)
        return self._bindings[name]

    def _bound(self, name: str, agent: spec.Agent) -> BoundTool:
        document, profile = self._content.tools[name], self._content.resilience[agent.resilience]
        circuit = self.circuits.setdefault((name, agent.resilience), Circuit(profile.tools.breaker))
        return BoundTool(document, profile, agent.limits.max_tool_calls, self.binding(name), circuit, self._metrics)

    def _binding(self, bind: spec.tool.Bind) -> Binding:
        if isinstance(bind, PythonBind):
            return PythonBinding(bind, self.workers)
        if isinstance(bind, HttpBind):
            return HttpBinding(bind, self.url_of(bind.service), self._client)
        if isinstance(bind, RememberBind):
            return RememberBinding(bind, self._memories)
        if isinstance(bind, RecallBind):
            return RecallBinding(bind, self._memories)
        if bind.server not in self._servers:
            self._servers[bind.server] = McpServer(self.url_of(bind.server), self._client)
        return McpBinding(bind, self._servers[bind.server])

    def url_of(self, service: str) -> str:
        """Where a service is. Raises ValueError when neither the environment nor a simulator says so."""
        url = self._content.environment.services.get(service)
        if url is None:
            raise ValueError(f"environment {self._content.environment.name} does not say where service {service!r} is")
        if url != SIMULATED:
            return url
        if self._settings.simulator_url is None:
            raise ValueError(f"service {service!r} is simulated, but no simulator was named")
        return f"{self._settings.simulator_url}/services/{service}"
