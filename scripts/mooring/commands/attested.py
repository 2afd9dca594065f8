"""What an evaluation leaves behind for the deployment of its release."""

from mooring.evaluate.attestation import FILE, Attestations, write
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.promotion import attest, gaps
from mooring.evaluate.session import Session
from mooring.evaluate.values import Results
from mooring.report.console import Console


def attested(session: Session, base: Results | None, head: Results, verdict: Verdict, console: Console) -> str | None:
    """The file with the evidence, beside the release; None when not enough was asked. A failure always counts."""
    environment = session.head.content.environment
    found = gaps(head, session.due)
    if found and verdict.outcome != "fail":
        if environment.needs_evidence:
            console.line(f"no evidence for a deployment: {'; '.join(found[:3])}", "dim")
        return None
    store = Attestations(session.baselines.folder.parent)
    before = store.get(head.release, head.evidence)
    made = attest(head, base.release if base else None, verdict, before)
    write(session.output / FILE, made)
    path = store.put(made)
    if environment.needs_evidence:
        console.line(f"evidence for moor deploy {environment.name} is in {path}", "dim")
    return str(path)
