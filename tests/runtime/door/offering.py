"""A release whose environment offers its agents as MCP tools."""

from typing import Any

from mooring.release.release import Release


def offering(release: Release, **serving: Any) -> Release:
    """The release, with its agents as MCP tools; keyword arguments are of its `serving`."""
    content = release.content
    served = content.environment.serving.model_copy(update={"mcp": True, **serving})
    environment = content.environment.model_copy(update={"serving": served})
    return Release.of(content.model_copy(update={"environment": environment}))
