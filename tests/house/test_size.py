"""The size rule: what one can hold in mind."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES = 400
FUNCTION_LINES = 60
WORKFLOW_LINES = range(25, 61)

MODULES = sorted(path for folder in ("scripts", "tests", ".github") for path in (ROOT / folder).rglob("*.py"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES
    lengths = {found.name: (found.end_lineno or 0) - found.lineno + 1 for found in functions(ast.parse(text))}
    assert {key: length for key, length in lengths.items() if length > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_workflows_fit_a_screen(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) in WORKFLOW_LINES
