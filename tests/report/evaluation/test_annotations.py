"""A reviewer sees what blocks beside the case in its suite, and beside the line of the prompt that changed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.evaluate.behaviour.values import Behaviour, CaseReport
from mooring.release.content import ReleaseContent
from mooring.release.resolve import resolve
from mooring.report import findings
from mooring.report.evaluation.annotations import annotations
from tests.evaluate.behaviour.story import Edit, dropped
from tests.repository import CONTENT

ROOT = Path(__file__).parents[3]
SUITE = """\
apiVersion: mooring/v1
kind: EvalSuite
name: support/refunds
version: 1.0.0
description: Some questions.
owner: "@tidewater/support"
agent: support
tests:
  - id: in-german
    vars: {message: Geld zurück.}
  - id: asks-a-person-first
    vars: {message: Money back.}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the documents, with a suite of ours."""
    for folder in ("configs", "prompts", "scripts/tools"):
        shutil.copytree(CONTENT / folder, tmp_path / folder)
    suite = tmp_path / "evals/suites/support/refunds.yaml"
    suite.parent.mkdir(parents=True)
    suite.write_text(SUITE, encoding="utf-8")
    return tmp_path


def loaded(tree: Path) -> tuple[Catalog, ReleaseContent]:
    catalog, _ = load(WorkTree(tree))
    return catalog, resolve(catalog, "local").content


def edited(tree: Path, file: str, old: str, new: str) -> int:
    """Replaces text in a file, and says on which line it began."""
    path = tree / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def lines(behaviour: Behaviour, tree: Path, base: ReleaseContent | None) -> list[tuple[str, int]]:
    return [(one.file, one.line) for one in annotations(behaviour, loaded(tree)[0], base, loaded(tree)[1])]


def first_line(tree: Path, file: str) -> str:
    """A line of a prompt that can be changed without breaking the document."""
    text = (tree / file).read_text(encoding="utf-8")
    return next(line for line in text.split("content: |\n")[1].splitlines() if "{" not in line)


def test_the_case_that_blocks_is_shown_at_its_line_with_the_reason(edit: Edit, tree: Path) -> None:
    catalog, content = loaded(tree)
    found = annotations(dropped(edit), catalog, content, content)
    assert [(one.file, one.line, one.path) for one in found] == [
        ("evals/suites/support/refunds.yaml", 11, "asks-a-person-first"),
        ("evals/suites/support/refunds.yaml", 9, "in-german"),
    ]
    assert findings.github(found).startswith(
        "::error file=evals/suites/support/refunds.yaml,line=11,title=evaluation::asks-a-person-first: not-contains: "
    )


def test_a_changed_line_of_the_prompt_is_shown_before_the_cases(edit: Edit, tree: Path) -> None:
    base, file = loaded(tree)[1], "prompts/support/main.yaml"
    old = first_line(tree, file)
    line = edited(tree, file, old, f"{old} And more.")
    assert lines(dropped(edit), tree, base)[0] == (file, line)


def test_a_line_that_is_gone_is_shown_at_the_one_before(edit: Edit, tree: Path) -> None:
    file = "prompts/support/main.yaml"
    old = first_line(tree, file)
    line = edited(tree, file, old, f"{old}\n      Something more.")
    base = loaded(tree)[1]
    edited(tree, file, "\n      Something more.", "")
    assert lines(dropped(edit), tree, base)[0] == (file, line)


def test_a_changed_shared_part_is_shown_in_its_own_file(edit: Edit, tree: Path) -> None:
    base = loaded(tree)[1]
    part = next(name for name in base.prompts["support/main"].parts if name.startswith("shared/"))
    file = f"prompts/{part}.yaml"
    text = (tree / file).read_text(encoding="utf-8").split("text: |\n")[1]
    old = text.splitlines()[0]
    line = edited(tree, file, old, f"{old} And more.")
    assert (file, line) in lines(dropped(edit), tree, base)


def test_there_are_never_more_than_github_shows_and_the_last_one_says_so(edit: Edit, tree: Path) -> None:
    catalog, content = loaded(tree)
    plan = dropped(edit)
    many: tuple[CaseReport, ...] = tuple(replace(plan.cases[0], now=(f"reason {n}",)) for n in range(30))
    found = annotations(replace(plan, cases=many), catalog, None, content)
    assert len(found) == 10
    assert found[-1].message == "reason 9 … and 20 more annotations in the report"


def test_what_is_in_no_document_has_no_annotation(edit: Edit, tree: Path) -> None:
    (tree / "evals/suites/support/refunds.yaml").unlink()
    assert lines(dropped(edit), tree, None) == []
