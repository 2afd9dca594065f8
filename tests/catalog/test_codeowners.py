from pathlib import Path

import pytest

from mooring.catalog import codeowners
from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree

HEAD = "apiVersion: mooring/v1\nversion: 1.0.0\ndescription: An example.\n"
GUARDS = f"""{HEAD}kind: Guards
name: guards
owner: "@shop/platform"
maxRisk: 1
overrideOwners: ["@shop/on-call", "@shop/platform"]
guards: [{{name: one, meanings: ["tool.*"], reason: Because.}}]
"""
PART = f"""{HEAD}kind: PromptPart
name: shared/tone
owner: "@shop/support"
text: Be kind.
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    for name, text in {"configs/operations/guards": GUARDS, "prompts/shared/tone": PART}.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    found, _ = load(WorkTree(tmp_path))
    assert len(found.entries) == 2
    return found


def test_every_document_is_approved_by_its_owner_and_the_rest_by_who_may_override(catalog: Catalog) -> None:
    _, *lines = codeowners.codeowners(catalog).splitlines()
    assert lines == [
        "* @shop/on-call @shop/platform",
        "/configs/operations/guards.yaml @shop/platform",
        "/prompts/shared/tone.yaml @shop/support",
        "/configs/overrides/ @shop/on-call @shop/platform",
    ]


def test_a_missing_or_edited_file_is_a_finding_until_it_is_written(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    assert [finding.check for finding in codeowners.stale(tmp_path, catalog)] == ["codeowners"]
    codeowners.write(tmp_path, catalog)
    assert codeowners.stale(tmp_path, catalog) == []
    (tmp_path / codeowners.FILE).write_text("* @somebody\n")
    assert [finding.file for finding in codeowners.stale(tmp_path, catalog)] == [codeowners.FILE]


def test_without_guards_or_documents_nobody_owns_anything(tmp_path: Path) -> None:
    assert codeowners.codeowners(Catalog({})).splitlines()[1:] == ["*", "/configs/overrides/"]


def test_a_repository_that_is_not_for_github_needs_no_such_file(catalog: Catalog, tmp_path: Path) -> None:
    assert codeowners.stale(tmp_path, catalog) == []
