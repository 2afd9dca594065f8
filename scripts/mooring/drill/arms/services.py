"""Tools as people call them without a runtime: by HTTP, with the client's defaults."""

from typing import Any

import httpx2

from mooring.drill.world import URL
from mooring.release.content import ReleaseContent
from mooring.spec import Tool


class Services:
    """Those of a release; tools that are bound in other ways are left out."""

    def __init__(self, content: ReleaseContent, outside: httpx2.AsyncBaseTransport) -> None:
        self._content = content
        self._client = httpx2.AsyncClient(transport=outside)

    def tools(self, agent: str) -> list[Tool]:
        """What an agent may call."""
        found = (self._content.tools[name] for name in self._content.agents[agent].tools)
        return [tool for tool in found if tool.bind.type == "http"]

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        """The answer's JSON. Raises httpx2.HTTPError, and ValueError for a tool that is not `tools`'."""
        bind = tool.bind
        if bind.type != "http":
            raise ValueError(f"{tool.name} is not called by HTTP")
        url = f"{URL}/services/{bind.service}{bind.path.format(**arguments)}"
        left = {key: value for key, value in arguments.items() if f"{{{key}}}" not in bind.path}
        sent: dict[str, Any] = {"params": left} if bind.method == "GET" else {"json": left}
        response = await self._client.request(bind.method, url, **sent)
        response.raise_for_status()
        return response.json()

    async def close(self) -> None:
        await self._client.aclose()
