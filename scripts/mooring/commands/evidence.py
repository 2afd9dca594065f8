"""Evidence about a release: stored by its evaluation, demanded by its deployment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.catalog.catalog import Catalog
from mooring.commands.workspace import Workspace
from mooring.errors import Failed, Refused
from mooring.evaluate.attestation import FILE, Attestation, Attestations, read
from mooring.evaluate.promotion import admit, attest, due, gaps
from mooring.evaluate.trials import Trials
from mooring.evaluate.values import Evidence, Results
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.release.sealed import write
from mooring.report.console import Console
from mooring.spec import EvalSuite

if TYPE_CHECKING:
    from mooring.evaluate.gate.verdict import Verdict
    from mooring.evaluate.session import Session
    from mooring.state.transactions import Transactions


def store(workspace: Workspace, environment: str) -> Attestations:
    return Attestations(workspace.of(environment) / "evaluations")


def trials(workspace: Workspace, environment: str) -> Trials:
    """What was asked and answered for the evidence of an environment."""
    return Trials(workspace.of(environment) / "evaluations" / "trials")


class Everywhere(Attestations):
    """The attestations of this machine, and those in the database that releases went out on."""

    def __init__(self, folder: Path, database: "Transactions") -> None:
        super().__init__(folder)
        self._database = database

    def get(self, release: str, evidence: Evidence) -> Attestation | None:
        """As before; and Failed(STORAGE)."""
        return super().get(release, evidence) or self._stored(release, evidence)

    def _stored(self, release: str, kind: Evidence) -> Attestation | None:
        from mooring.state.records import evidence

        with storing():
            found = self._database.read(lambda connection: evidence.newest(connection, release, kind))
        return Attestation.from_bytes(found, "what the database has") if found else None


def record(database: "Transactions", found: Attestation) -> str:
    """Writes the evidence that a release goes out on into the database; its digest. Failed(STORAGE)."""
    from mooring.state.records import evidence

    with storing():
        return database.write(lambda connection: evidence.put(connection, found.to_bytes(), time.time()))


@contextmanager
def storing() -> Iterator[None]:
    """Failed(STORAGE) for a database that is unavailable."""
    from mooring.state.unavailable import Unavailable

    try:
        yield
    except Unavailable as error:
        raise Failed(Reason.STORAGE, f"evidence cannot be read or written: {error}") from None


def keep(
    workspace: Workspace, session: "Session", base: Results | None, head: Results, verdict: "Verdict", console: Console
) -> str | None:
    """Stores the evidence beside the release and returns its file; None when too little was asked to pass."""
    from mooring.evaluate.session import HEAD

    environment = session.head.content.environment
    missing = gaps(head, due(session.catalog.all(EvalSuite), session.head.content.agents, head.weakest))
    if missing and verdict.outcome != "fail":
        if environment.needs_evidence:
            console.line(f"no evidence for a deployment: {'; '.join(missing[:3])}", "dim")
        return None
    kept = store(workspace, environment.name)
    made = attest(head, base.release if base else None, verdict, kept.get(head.release, head.weakest))
    write(session.output / FILE, made.to_bytes())
    path = kept.put(made)
    trials(workspace, environment.name).keep(made.digest, session.output / f"{HEAD}.jsonl")
    if environment.needs_evidence:
        console.line(f"evidence for moor deploy {environment.name} is in {path}", "dim")
    return str(path)


def demand(workspace: Workspace, catalog: Catalog, release: Release, given: Path | None = None) -> Attestation | None:
    """The evidence that allows a release, or None where none is needed. Stores the file that was `given`.

    Refused(NO_EVIDENCE), Refused(TAMPERED).
    """
    from mooring.commands.running import target

    environment = release.content.environment
    folder = store(workspace, environment.name).folder
    kept = Everywhere(folder, target(workspace, environment).database)
    found = admit(release, catalog.all(EvalSuite), kept, read(given) if given else None)
    if found and given:
        kept.put(found)
    return found


def needed(workspace: Workspace, catalog: Catalog, release: Release) -> bool:
    """Whether a deployment would be refused for lack of evidence: it is no way back, and none is stored."""
    from mooring.commands.running import ledger

    name = release.content.environment.name
    with ledger(workspace, name) as book:
        if release.digest in book.state(name).trail:
            return False
    try:
        demand(workspace, catalog, release)
    except Refused as refused:
        if refused.reason is Reason.NO_EVIDENCE:
            return True
        raise
    return False
