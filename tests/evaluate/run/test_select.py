"""What a change touches."""

from typing import Any

import pytest

from mooring.evaluate.select import Selection, Side, affected
from mooring.release.content import ReleaseContent
from mooring.spec import EvalSuite
from tests.evaluate.run.conftest import MakeSuite
from tests.runtime.sample import sample

CONTENT = sample().content
DOCUMENTS = {
    "configs/agents/support.yaml": ("Agent", "support"),
    "configs/models/judge.yaml": ("Model", "judge"),
    "prompts/support.yaml": ("Prompt", "support"),
    "evals/suites/about-page.yaml": ("EvalSuite", "about-page"),
}


@pytest.fixture
def suites(suite: MakeSuite) -> dict[str, EvalSuite]:
    """One suite of each of two agents; one has a judge."""
    judge = {"model": "judge", "calibration": "tone"}
    made = [suite("a", "b", name="about-orders", judge=judge), suite("a", "b", name="about-page", agent="page")]
    return {one.name: one for one in made}


def changed(kind: str, name: str, **update: Any) -> ReleaseContent:
    documents = getattr(CONTENT, kind)
    document = documents[name].model_copy(update=update)
    return CONTENT.model_copy(update={kind: {**documents, name: document}})


def select(suites: dict[str, EvalSuite], *files: str, head: ReleaseContent = CONTENT, **more: Any) -> Selection:
    base = Side(CONTENT, more.get("before", suites), DOCUMENTS)
    return affected(base, Side(head, suites, DOCUMENTS), files)


def test_what_touches_nothing_selects_nothing_and_says_so(suites: dict[str, EvalSuite]) -> None:
    files = ("README.md", "docs/how.png", "tests/test_x.py", ".github/workflows/validate.yml", "LICENSE")
    selection = select(suites, *files)
    assert not selection.cases
    assert selection.untouched == ("about-orders", "about-page")
    assert "nothing to evaluate" in selection.line


@pytest.mark.parametrize(
    "file",
    [
        "scripts/mooring/runtime/agents.py",
        "requirements.lock",
        "pyproject.toml",
        "configs/agents/broken.yaml",
        "prompts/support/lost.yaml",
        "evals/simulator/3-refunds.yaml",
        "evals/unknown.bin",
        "configs/notes.json",
        "x",
        "scripts/notes",
        "evals/suites/odd.yml",
    ],
)
def test_a_file_that_is_not_known_to_be_harmless_selects_everything(suites: dict[str, EvalSuite], file: str) -> None:
    selection = select(suites, "README.md", file)
    assert set(selection.cases) == set(suites)
    assert all(file in why[0] for why in selection.why.values())


def test_without_anything_to_compare_with_everything_is_selected(suites: dict[str, EvalSuite]) -> None:
    side = Side(CONTENT, suites, DOCUMENTS)
    assert set(affected(None, side, []).cases) == set(affected(side, side, None).cases) == set(suites)


@pytest.mark.parametrize(
    ("kind", "name", "update", "why"),
    [
        ("agents", "support", {"variables": {"shop": "X"}}, "Agent support changed"),
        ("prompts", "support", {"version": "2.0.0"}, "Prompt support changed"),
        ("prompts", "support", {"parts": {"shared/tone": "2.0.0"}}, "Prompt support changed through shared/tone"),
        ("tools", "refund-order", {"description": "x"}, "Tool refund-order changed"),
    ],
)
def test_a_document_selects_the_suites_of_the_agents_that_use_it(
    suites: dict[str, EvalSuite], kind: str, name: str, update: dict[str, Any], why: str
) -> None:
    selection = select(suites, head=changed(kind, name, **update))
    assert selection.cases == {"about-orders": frozenset({"case-0", "case-1"})}
    assert selection.why == {"about-orders": (why,)}
    assert selection.untouched == ("about-page",)


@pytest.mark.parametrize(("kind", "name"), [("models", "small"), ("resilience", "quick")])
def test_what_both_agents_use_selects_both(suites: dict[str, EvalSuite], kind: str, name: str) -> None:
    assert set(select(suites, head=changed(kind, name, description="x")).cases) == set(suites)


def test_other_services_select_everything(suites: dict[str, EvalSuite]) -> None:
    environment = CONTENT.environment.model_copy(update={"services": {"shop": "https://shop.example"}})
    head = CONTENT.model_copy(update={"environment": environment})
    assert set(select(suites, head=head).cases) == set(suites)


def test_a_suite_selects_only_its_new_and_changed_cases(suites: dict[str, EvalSuite], suite: MakeSuite) -> None:
    before = suites | {"about-page": suite("a", "other", name="about-page", agent="page", version="0.9.0")}
    selection = select(suites, "evals/suites/about-page.yaml", before=before)
    assert selection.cases == {"about-page": frozenset({"case-1"})}


def test_a_new_suite_and_other_settings_select_all_its_cases(suites: dict[str, EvalSuite], suite: MakeSuite) -> None:
    for before in ({}, {"about-page": suite("a", "b", name="about-page", agent="page", timeoutSeconds=5)}):
        selection = select(suites, before={"about-orders": suites["about-orders"], **before})
        assert selection.cases == {"about-page": frozenset({"case-0", "case-1"})}


@pytest.mark.parametrize("file", ["configs/models/judge.yaml", "evals/calibration/tone.yaml"])
def test_a_judge_selects_the_suites_it_judges(suites: dict[str, EvalSuite], file: str) -> None:
    assert set(select(suites, file).cases) == {"about-orders"}
    assert not select(suites, "evals/calibration/other.yaml").cases


def test_a_recording_selects_its_case(suites: dict[str, EvalSuite]) -> None:
    selection = select(suites, "evals/recordings/about-page/case-1.yaml")
    assert selection.cases == {"about-page": frozenset({"case-1"})}
