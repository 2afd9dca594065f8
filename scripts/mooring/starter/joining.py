"""Puts a new agent into environments, in the text of their documents."""

from collections.abc import Iterable
from pathlib import Path

from mooring.catalog.catalog import Catalog
from mooring.catalog.editing.values import appended
from mooring.catalog.nearest import suggestion
from mooring.errors import UsageError
from mooring.spec import Environment
from mooring.starter import choices
from mooring.starter.documents import Files
from mooring.starter.template import quoted, scalar


def joined(root: Path, catalog: Catalog, agent: str, environments: Iterable[str]) -> Files:
    """The environments' documents with the agent and a probe of it. Raises UsageError for one that is not there."""
    files = Files()
    probe = choices.probe(catalog, agent)
    for name in environments:
        entry = catalog.entry("Environment", name)
        if entry is None:
            known = catalog.all(Environment)
            raise UsageError(f"there is no environment {name!r}{suggestion(name, known)}", f"one of {', '.join(known)}")
        text = (root / entry.file).read_text(encoding="utf-8")
        text = appended(entry.file, text, ["agents"], f"- {scalar(agent)}\n")
        asked = {"agent": scalar(agent), "say": quoted(probe.say), "expect": quoted(probe.expect)}
        item = ", ".join(f"{key}: {value}" for key, value in asked.items())
        files[entry.file] = appended(entry.file, text, ["rollout", "probes"], f"- {{{item}}}\n")
    return files
