"""An environment's overrides, applied to documents."""

from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load
from mooring.catalog.overrides import apply, overlaid
from mooring.catalog.source import WorkTree
from mooring.spec import Agent, Environment, Resilience
from mooring.spec.environment import DocumentOverride

BASE = Path(__file__).parents[1] / "examples" / "base"
CATALOG, _ = load(WorkTree(BASE))


def changed(values: dict[str, Any]) -> tuple[Agent, list[tuple[str, str]]]:
    agent = CATALOG.get(Agent, "clerk")
    assert agent is not None
    document, problems = apply(DocumentOverride(kind="Agent", name="clerk", set=values), agent)
    assert isinstance(document, Agent)
    return document, problems


def test_values_stand_where_their_paths_say() -> None:
    agent, problems = changed({"models.L0": "other", "tools.1": "desk/find", "limits": {"maxModelCalls": 2}})
    assert problems == []
    assert agent.models.primary == "other"
    assert agent.tools == ("desk/find", "desk/find")
    assert (agent.limits.max_model_calls, agent.limits.max_tool_calls) == (2, 12)


def test_null_takes_an_optional_value_away() -> None:
    agent, problems = changed({"models.L1": None})
    assert problems == []
    assert agent.models.alternate is None


@pytest.mark.parametrize(
    ("values", "path", "words"),
    [
        ({"tools.2": "desk/find"}, "tools.2", "there is no"),
        ({"models.L0.x": "other"}, "models.L0.x", "there is no"),
        ({"name": "other"}, "name", "cannot be overridden"),
        ({"kind": "Tool"}, "kind", "cannot be overridden"),
        ({"limits.maxModelCalls": "2"}, "limits.maxModelCalls", "valid integer"),
        ({"limits.max_model_calls": 2}, "limits.max_model_calls", "not permitted"),
        ({"limits": {"maxModelCalls": 0}}, "limits", "maxModelCalls"),
    ],
)
def test_what_does_not_work_leaves_the_document_as_it_was(values: dict[str, Any], path: str, words: str) -> None:
    agent, problems = changed({"resilience": "other"} | values)
    assert agent is CATALOG.get(Agent, "clerk")
    assert [problem[0] for problem in problems] == [path]
    assert words in problems[0][1]


def test_an_environment_sees_its_own_values_placed_at_its_own_lines() -> None:
    environment = CATALOG.get(Environment, "here")
    assert environment is not None
    view = overlaid(CATALOG, environment)
    profile, entry = view.get(Resilience, "calm"), view.entry("Resilience", "calm")
    assert profile is not None
    assert entry is not None
    assert profile.retry.base_seconds == 2
    assert (entry.file, entry.lines.at("retry.baseSeconds")) == ("configs/environments/here.yaml", 23)
    assert overlaid(CATALOG, environment) is view
    assert overlaid(CATALOG, environment.model_copy(update={"overrides": ()})) is CATALOG
