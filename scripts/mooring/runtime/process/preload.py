"""Loads what a slot may need later, so that a file that changes under a running slot changes nothing that it runs."""

import pkgutil
import sys
from importlib import import_module

import mooring.runtime

APART = ("mooring.runtime.process.__main__", "mooring.runtime.agent.tools.worker")
"""Run as programs of their own, and never imported."""

DURABLE = "mooring.runtime.memory.durable."
"""Needed by durable runs alone, and so not at all where the library for these was not loaded at the start."""


def preload() -> None:
    """Imports every module of the runtime that may be needed once it has started."""
    apart = APART if "dbos" in sys.modules else (*APART, DURABLE)
    for module in pkgutil.walk_packages(mooring.runtime.__path__, "mooring.runtime."):
        if not module.name.startswith(apart):
            import_module(module.name)
