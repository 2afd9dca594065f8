"""Findings as lines, data and GitHub annotations."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from mooring.finding import Finding


def text(findings: Iterable[Finding]) -> str:
    return "\n".join(map(str, findings))


def data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [asdict(finding) for finding in findings]


def github(findings: Iterable[Finding]) -> str:
    """Workflow commands, one a line.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands,
    "Setting an error message".
    """
    return "\n".join(map(_annotation, findings))


def _annotation(finding: Finding) -> str:
    place = {"file": finding.file, "line": str(finding.line or 1), "title": finding.check}
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in place.items())
    said = f"{finding.path}: {finding.message}" if finding.path else finding.message
    return f"::error {properties}::{_escaped(said + (f' (fix: {finding.fix})' if finding.fix else ''))}"


def _escaped(value: str, also: Sequence[str] = "") -> str:
    """Percent, line ends and `also` as %XX, which is how a runner reads them."""
    for character in ("%", "\r", "\n", *also):
        value = value.replace(character, f"%{ord(character):02X}")
    return value
