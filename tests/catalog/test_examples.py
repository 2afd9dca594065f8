"""Every check of the table, by an accepted and a rejected example."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog import schemas
from mooring.catalog.checks import CHECKS, check
from mooring.catalog.checks.suites import expired
from mooring.catalog.incidents import future
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.catalog.versions import honest
from mooring.finding import Finding

EXAMPLES = Path(__file__).parents[1] / "examples"
ACCEPTED = sorted(EXAMPLES.glob("accept/*/*.edit"))
REJECTED = sorted(EXAMPLES.glob("reject/*/*.edit"))
TODAY = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def name(edit: Path) -> str:
    return f"{edit.parent.name}/{edit.stem}"


def findings(example: Any) -> list[Finding]:
    catalog, found = load(WorkTree(example.root))
    found += check(catalog) + expired(catalog, TODAY) + future(catalog.histories, NOW)
    if (example.root / "schemas").exists():
        found += schemas.stale(example.root)
    if example.committed:
        found += honest(example.root, "HEAD", catalog)
    return found


@pytest.mark.parametrize("edit", ACCEPTED, ids=name)
def test_an_accepted_example_has_no_finding(edit: Path, stage: Any, tmp_path: Path) -> None:
    assert findings(stage(edit, tmp_path / "tree")) == []


@pytest.mark.parametrize("edit", REJECTED, ids=name)
def test_a_rejected_example_is_found_by_its_check_where_it_is_wrong(edit: Path, stage: Any, tmp_path: Path) -> None:
    example = stage(edit, tmp_path / "tree")
    found = findings(example)

    assert {finding.check for finding in found} == {edit.parent.name}, found
    assert {(finding.file, finding.line) for finding in found} == example.expected, found
    assert all(finding.fix and finding.message for finding in found)


def test_every_check_has_both_examples_and_every_example_a_check() -> None:
    assert {edit.parent.name for edit in ACCEPTED} == set(CHECKS)
    assert {edit.parent.name for edit in REJECTED} == set(CHECKS)


def test_the_base_of_the_examples_is_valid() -> None:
    catalog, found = load(WorkTree(EXAMPLES / "base"))
    assert found + check(catalog) == []
