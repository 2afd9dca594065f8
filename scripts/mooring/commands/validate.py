"""`moor validate`."""

import json
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mooring.commands.workspace import find
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.outcome import Outcome, Reason
from mooring.report import findings as render
from mooring.report.console import Console

SUMMARY = "Check every document and print every finding at once."
EXAMPLES = """
moor validate                          every check, every document
moor validate --against origin/main    and that changed documents have new versions
moor validate --format github          annotations on a pull request
moor validate --budgets                what answering may take at worst, rung by rung, against the deadline
moor validate --json | jq '.findings[].message'
"""


def add(parser: ArgumentParser) -> None:
    parser.add_argument("--against", metavar="REF", help="require a new version for content changed since a commit")
    parser.add_argument("--budgets", action="store_true", help="show the worst-case seconds and calls of every agent")
    parser.add_argument("--format", choices=("text", "json", "github"), default="text")


def run(args: Namespace, console: Console) -> Outcome:
    from mooring.catalog.checks import CHECKS

    root = find(args).root
    found, documents = collect(root, args.against)
    data = {"documents": documents, "checks": len(CHECKS), "findings": render.data(found)}
    if args.budgets:
        data |= _budgets(root, console)
    if args.format == "json":
        console.line(json.dumps(data, ensure_ascii=False, indent=2))
    if args.format == "github" and found:
        console.line(render.github(found))
    if found:
        raise FindingsError(found)
    if args.format == "text":
        console.line(f"{documents} documents valid, {len(CHECKS)} checks", "green")
    return Outcome(Reason.VALID, data)


def _budgets(root: Path, console: Console) -> dict[str, Any]:
    """Shows budgets even when there are findings, since that is when the numbers are needed."""
    from mooring.catalog.load import load
    from mooring.catalog.retry_budget import budgets
    from mooring.catalog.source import WorkTree
    from mooring.report import budgets as render

    known = budgets(load(WorkTree(root))[0])
    console.table(render.COLUMNS, render.rows(known))
    return {"budgets": render.data(known)}


def collect(root: Path, against: str | None) -> tuple[list[Finding], int]:
    """All findings and the number of documents. An empty set of documents is a finding."""
    from mooring.catalog import codeowners, schemas
    from mooring.catalog.checks import check
    from mooring.catalog.checks.suites import expired
    from mooring.catalog.incidents import future
    from mooring.catalog.load import load
    from mooring.catalog.source import WorkTree
    from mooring.catalog.versions import honest
    from mooring.simulator.check import findings as simulated
    from mooring.spec import Environment

    catalog, found = load(WorkTree(root))
    found += check(catalog) + schemas.stale(root) + codeowners.stale(root, catalog)
    found += expired(catalog, datetime.now(UTC).date()) + future(catalog.histories, datetime.now(UTC))
    documents = catalog.of(Environment).values()
    found += simulated(root, {e.file: e.document for e in documents if isinstance(e.document, Environment)})
    if against is not None:
        found += honest(root, against, catalog)
    if not catalog.entries and not found:
        found.append(Finding("configs", 0, "", "no documents at all: nothing was checked", "empty-set"))
    return sorted(set(found)), len(catalog.entries)
