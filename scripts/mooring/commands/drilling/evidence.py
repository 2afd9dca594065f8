"""Evidence of drills: stored by `moor drill`, demanded by a deployment where the environment says so."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.catalog.catalog import Catalog
from mooring.commands.drilling.wish import Prepared
from mooring.commands.evidence import storing
from mooring.commands.workspace import Workspace
from mooring.drill.attestation import FILE, FORMAT, Attestations, admit, attest, read
from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.release.sealed import write
from mooring.report.console import Console
from mooring.spec import Drill

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


def store(workspace: Workspace, environment: str) -> Attestations:
    return Attestations(workspace.of(environment) / "evaluations")


def of_drills(path: Path) -> bool:
    """Whether a file is evidence of drills, rather than of an evaluation; what it is not is told by its reader."""
    try:
        return bool(json.loads(path.read_bytes())["format"] == FORMAT)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def demand(
    workspace: Workspace, catalog: Catalog, release: Release, database: "Transactions", given: Path | None = None
) -> None:
    """Keeps the evidence that allows a release, where it needs any, in the database too. Refused(NO_EVIDENCE)."""
    from mooring.state.records import evidence

    name = release.content.environment.name
    known = store(workspace, name)
    found = read(given) if given else known.get(release.digest)
    admit(release, catalog.all(Drill), found)
    if found is None:
        return
    if given:
        write(known.path(release.digest), found.to_bytes())
    with storing():
        database.write(lambda connection: evidence.put(connection, found.to_bytes(), time.time()))


def needed(workspace: Workspace, catalog: Catalog, release: Release) -> bool:
    """Whether a deployment would be refused for want of drills."""
    try:
        admit(release, catalog.all(Drill), store(workspace, release.content.environment.name).get(release.digest))
    except Refused as refused:
        return refused.reason is Reason.NO_EVIDENCE
    return False


def keep(
    workspace: Workspace,
    prepared: Prepared,
    drilled: Mapping[str, Drilled],
    judgement: Judgement,
    output: Path,
    console: Console,
) -> str | None:
    """Stores the evidence beside the release and returns its file; None when not every drill was run."""
    environment = prepared.release.content.environment
    if not prepared.whole:
        return None
    made = attest(environment.name, drilled, judgement, tuple(prepared.wish.seeds))
    path = store(workspace, environment.name).path(made.release)
    for file in (output / FILE, path):
        write(file, made.to_bytes())
    if environment.rollout.evidence.drills:
        console.line(f"evidence for moor deploy {environment.name} is in {path}", "dim")
    return str(path)
