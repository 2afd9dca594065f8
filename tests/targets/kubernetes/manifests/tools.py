"""Helm, Kustomize and kubeconform, built by Go from locked sums, once, outside the repository."""

from pathlib import Path

from tests.golang import Module

MISSING = (
    "Go is missing: charts were NOT rendered by helm and kustomize, NOR manifests checked by kubeconform "
    "(install Go 1.26 or newer)"
)

TOOLS = Module(Path(__file__).with_name("tools"), "rendering", MISSING, ("-ldflags=-s -w", "tool"))
"""Some minutes of two cores to build."""
