"""`moor plan`."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.commands.arguments import environment
from mooring.commands.workspace import Workspace, find
from mooring.errors import Failed, UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.commands.reviewed import Step

SUMMARY = "Show what a deployment would change, what that means, and whether guards allow it."
EXAMPLES = """
moor plan local                             against what runs
moor plan production --against origin/main  against a commit, such as on a pull request
moor plan production --format markdown --out plan.md
moor plan local --json | jq -r .plan        what `moor deploy local --plan` takes
moor plan production --reviewed             and whether it is what the merged pull requests were reviewed for
"""


def add(parser: ArgumentParser) -> None:
    environment(parser)
    parser.add_argument("--against", metavar="live|REF", default="live", help="what runs (default), or a commit")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    contract = "refuse what reviewers of the merged pull requests did not see; asks GitHub"
    parser.add_argument("--reviewed", action="store_true", help=contract)
    parser.add_argument("--out", metavar="FILE", type=Path, help="write it to a file instead")


def run(args: Namespace, console: Console) -> Outcome:
    workspace = find(args)
    if args.reviewed and args.against != "live":
        raise UsageError("--reviewed compares what is merged with what is live", "leave --against out")
    catalog, plan = _plan(workspace, args.environment, args.against)
    if args.out:
        _write(args.out, _text(plan, args.format))
        console.line(f"wrote {args.out}")
    else:
        (console.diff if args.format == "text" else console.line)(_text(plan, args.format))
    data = plan.data()
    if args.reviewed:
        from mooring.commands import reviewed

        steps = reviewed.demand(workspace, catalog, plan, console)
        for step in steps:
            console.line(_said(step), "yellow" if step.problem else "green")
        data["reviewed"] = [step.data() for step in steps]
    return Outcome(_reason(plan), data)


def _said(step: "Step") -> str:
    if step.problem:
        return f"overridden: {step.problem}"
    if step.plan is None:
        return f"{step.name} changes nothing here"
    return f"{step.name} is merged as it was reviewed"


def _plan(workspace: Workspace, name: str, against: str) -> "tuple[Catalog, Plan]":
    from mooring.commands.running import target
    from mooring.commands.target_state import at, documents, planned

    catalog, release = documents(workspace, name)
    base = target(workspace, name).live() if against == "live" else at(workspace, name, against)
    return catalog, planned(catalog, release, base)


def _reason(plan: "Plan") -> Reason:
    if plan.in_sync:
        return Reason.IN_SYNC
    return Reason.GUARDED if plan.verdict.unsafe else Reason.PLANNED


def _text(plan: "Plan", form: str) -> str:
    if form == "json":
        return json.dumps(plan.data(), ensure_ascii=False, indent=2)
    from mooring.report.plan_markdown import plan_markdown
    from mooring.report.plan_text import plan_text

    return plan_markdown(plan) if form == "markdown" else plan_text(plan)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {path}: {error.strerror}") from None
