"""Reports an evaluation to the terminal, the workflow and the pull request."""

import os
from dataclasses import replace
from datetime import UTC, datetime

from mooring.evaluate.behaviour.approval import second_approval
from mooring.evaluate.behaviour.plan import behavioural_plan
from mooring.evaluate.behaviour.values import Behaviour
from mooring.evaluate.gate.comparison import Comparison
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.select import Side
from mooring.evaluate.session import Session
from mooring.report import findings
from mooring.report.console import Console
from mooring.report.evaluation import files
from mooring.report.evaluation.annotations import annotations
from mooring.report.evaluation.markdown import comment
from mooring.report.evaluation.text import evaluation_text
from mooring.spec import EvalSuite, Override


def reported(session: Session, comparison: Comparison, verdict: Verdict, console: Console) -> Behaviour:
    """Writes every format to the session's output folder, and shows what fits the terminal or the workflow step."""
    content, before = session.head.content, session.base
    base = Side(before.release.content, before.suites) if before else None
    behaviour = behavioural_plan(comparison, verdict, base, Side(content, session.catalog.all(EvalSuite)))
    if before and not before.live:  # what was merged was approved then
        overrides, guards = session.catalog.all(Override).values(), before.release.content.guards
        approval = second_approval(session.head.digest, behaviour.weakened, guards, overrides, datetime.now(UTC))
        behaviour = replace(behaviour, approval=approval)
    files.write(session.output, behaviour, comparison)
    console.diff(evaluation_text(behaviour))
    files.summarise(os.environ, comment(behaviour))
    if os.environ.get("GITHUB_ACTIONS"):
        found = annotations(behaviour, session.catalog, base.content if base else None, content)
        console.line(findings.github(found))
    console.line(f"reports are in {session.output}: report.html, comment.md, junit.xml, results.json", "dim")
    return behaviour
