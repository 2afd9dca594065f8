"""The named checks of a catalog."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.check import Check
from mooring.catalog.checks.table import CHECKS
from mooring.finding import Finding
from mooring.spec import Environment

__all__ = ["CHECKS", "Check", "advised", "check"]


def check(catalog: Catalog, names: Collection[str] = CHECKS) -> list[Finding]:
    """Findings of every check of the table, or of those that are named, each once, in order of place."""
    found = set(_empty(catalog))
    for name, row in ((name, CHECKS[name]) for name in names):
        for remark in row.run(catalog) if row.run else ():
            lines = remark.entry.lines
            line = lines.at(remark.path) if remark.line is None else remark.line
            found.add(Finding(remark.entry.file, line, remark.path, remark.message, name, row.fix))
    return sorted(found)


def advised(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with what to do, from the table where they do not say so themselves."""
    return [replace(finding, fix=finding.fix or CHECKS[finding.check].fix) for finding in findings]


def _empty(catalog: Catalog) -> Iterable[Finding]:
    """An empty set is never success."""
    if not catalog.of(Environment) and not any(kind == "Environment" for kind, _ in catalog.broken):
        yield Finding(
            "configs/environments", 0, "", "there is no environment, so nothing would run", "empty", CHECKS["empty"].fix
        )
