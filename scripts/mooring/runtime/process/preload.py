"""Loads what a slot may need later, so that a file that changes under a running slot changes nothing that it runs."""

import pkgutil
import sys
from importlib import import_module

import mooring.runtime

APART = ("mooring.runtime.process.__main__", "mooring.runtime.agent.tools.worker")
"""Run as programs of their own, and never imported."""

OPTIONAL = {"mcp": "mooring.runtime.door.mcp."}
"""What the agents as MCP tools alone need, by the library for these: nothing of it is needed where that was not loaded
at the start."""


def preload() -> None:
    """Imports every module of the runtime that may be needed once it has started."""
    apart = (*APART, *(prefix for library, prefix in OPTIONAL.items() if library not in sys.modules))
    for module in pkgutil.walk_packages(mooring.runtime.__path__, "mooring.runtime."):
        if not module.name.startswith(apart):
            import_module(module.name)
