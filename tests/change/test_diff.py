"""The diff is total, empty only for equal contents, and always in the same order."""

import random
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent
from mooring.release.release import Release

Edit = Callable[[dict[str, Any]], ReleaseContent]

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
lines = st.lists(st.sampled_from(["Never lie.", "Be kind.", "Be very kind.", "You must ask.", "", " ok "]), min_size=1)
prose = (lines.map("\n".join) | text).filter(bool)
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 2.5]) | text
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2), max_leaves=5
)
schemas = st.dictionaries(
    st.sampled_from(
        ["type", "required", "properties", "enum", "maximum", "minLength", "additionalProperties", "anyOf"]
    ),
    anything | st.dictionaries(st.sampled_from(["a", "b"]), anything, max_size=2),
    max_size=4,
)
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": prose}), min_size=1, max_size=3
)
guards = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "b"]),
            "meanings": st.lists(st.sampled_from(["tool.*", "model.swapped"]), min_size=1, max_size=2),
            "atMost": st.integers(0, 2),
            "reason": st.just("Because."),
        }
    ),
    min_size=1,
    max_size=3,
)
names = st.lists(st.sampled_from(["support", "incident", "shop/find-order"]), min_size=1, max_size=3)
probes = st.lists(
    st.fixed_dictionaries({"agent": st.just("support"), "say": text, "expect": text}), min_size=1, max_size=2
)
freezes = st.lists(
    st.sampled_from([{"reason": r, "start": "2030-01-01T00:00:00Z", "end": "2031-01-01T00:00:00Z"} for r in "ab"])
)

presets = st.fixed_dictionaries(
    {"intent": st.sampled_from("ab"), "match": st.just(["x"]), "answer": st.fixed_dictionaries({"en": text})}
)

EDITS: dict[str, st.SearchStrategy[Any]] = {
    "agents.support.description": text,
    "agents.support.limits.maxModelCalls": st.integers(1, 50),
    "agents.support.models.L1": st.sampled_from([None, "openai/gpt-4-1", "unknown"]),
    "agents.support.tools": names,
    "agents.support.variables": st.dictionaries(text, anything, max_size=2),
    "agents.support.version": st.sampled_from(["1.0.1", "2.0.0"]),
    "environment.agents": names,
    "environment.name": st.sampled_from(["local", "staging"]),
    "environment.rollout.freezes": freezes,
    "environment.rollout.probes": probes,
    "environment.services": st.dictionaries(text, text, max_size=2),
    "guards.guards": st.just(...),
    "guards.guards.guards": guards,
    "models.openai/gpt-4-1.options.seed": st.none() | st.integers(0, 3),
    "models.openai/gpt-4-1.secretRef": st.sampled_from([None, "env:OTHER"]),
    "prompts.support/main.input": schemas,
    "prompts.support/main.messages": messages,
    "prompts.support/main.output": st.none() | schemas,
    "prompts.support/main.parts": st.dictionaries(st.sampled_from(["shared/safety", "shared/x"]), st.just("2.0.0")),
    "resilience.standard.deadlineSeconds": st.floats(1, 100),
    "resilience.standard.ladder.apology": st.dictionaries(st.sampled_from(["en", "de"]), text, min_size=1),
    "resilience.standard.ladder.presets": st.lists(presets, max_size=3),
    "resilience.standard.ladder.rungs.L0.tries": st.none() | st.integers(1, 5),
    "tools.shop/find-order.inputSchema": schemas,
    "tools.shop/find-order.outputSchema": schemas,
    "tools.shop/refund-order": st.just(...),
}
edits = st.sampled_from(sorted(EDITS)).flatmap(lambda path: EDITS[path].map(lambda value: (path, value)))
several = st.lists(edits, max_size=3, unique_by=lambda pair: pair[0].split(".")[1]).map(dict)


@pytest.mark.slow
@given(before=several, after=several)
def test_contents_differ_by_a_change_exactly_when_their_digests_differ(
    before: dict[str, Any], after: dict[str, Any], edit: Edit
) -> None:
    live, desired = edit(before), edit(after)
    assert (diff(desired, live) == ()) == (Release.of(desired).digest == Release.of(live).digest)


@pytest.mark.slow
@given(values=several)
def test_nothing_differs_from_itself(values: dict[str, Any], edit: Edit) -> None:
    assert diff(edit(values), edit(values)) == ()


@pytest.mark.slow
@given(before=several, after=several, order=st.randoms(use_true_random=False))
def test_the_order_of_changes_does_not_depend_on_the_order_of_documents(
    before: dict[str, Any], after: dict[str, Any], order: random.Random, edit: Edit
) -> None:
    def shuffled(value: Any) -> Any:
        return (
            {key: shuffled(value[key]) for key in order.sample(list(value), len(value))}
            if isinstance(value, dict)
            else value
        )

    live, desired = edit(before), edit(after)
    again = ReleaseContent.model_validate(shuffled(desired.model_dump(mode="json")))
    changes = diff(desired, live)
    assert diff(again, live) == changes
    assert [change.action for change in changes] == sorted((c.action for c in changes), key=lambda a: a != "remove")


@pytest.mark.slow
@given(before=several, after=several)
def test_a_text_is_one_line_that_a_terminal_shows_as_it_is(
    before: dict[str, Any], after: dict[str, Any], edit: Edit
) -> None:
    for change in diff(edit(after), edit(before)):
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in change.text)
        assert change.text.startswith(f"{change.kind} {change.name}: ")


def test_a_first_deployment_adds_every_document(content: ReleaseContent) -> None:
    changes = diff(content, None)
    assert {change.action for change in changes} == {"add"}
    assert len(changes) == 1 + sum(
        len(documents)
        for documents in (
            content.agents,
            content.code,
            content.prompts,
            content.tools,
            content.models,
            content.resilience,
            content.guards,
            content.drift,
            content.exports,
            content.objectives,
            content.patrols,
            content.chats,
            content.repositories,
        )
    )


def test_a_version_that_rose_with_its_content_is_no_change_of_its_own(edit: Edit, content: ReleaseContent) -> None:
    (change,) = diff(edit({"agents.support.version": "1.1.0", "agents.support.prompt": "other"}), content)
    assert (change.path, change.before, change.after) == ("prompt", "support/main", "other")
    assert change.versions == ("1.0.0", "1.1.0")
    assert change.owner == "@tidewater/support"


def test_a_version_alone_is_a_change_without_risk(edit: Edit, content: ReleaseContent) -> None:
    (change,) = diff(edit({"agents.support.version": "1.1.0"}), content)
    assert (change.code, change.risk, change.text) == ("document.metadata", 0, "agent support: version 1.0.0 → 1.1.0")


SYSTEM = "prompts.support/main.messages.0.content"
PARTS = "prompts.support/main.parts"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({PARTS: {"shared/safety": "1.0.0", "shared/tone": "1.1.0"}}, " (through shared/tone 1.0.0 → 1.1.0)"),
        (
            {PARTS: {"shared/safety": "1.0.0", "shared/tone": "1.1.0"}, "prompts.support/main.version": "1.0.1"},
            " (here or through shared/tone 1.0.0 → 1.1.0)",
        ),
        ({"prompts.support/main.version": "1.0.1"}, ""),
    ],
)
def test_a_prompt_change_says_through_which_shared_part(values: dict[str, Any], where: str, edit: Edit) -> None:
    (change,) = diff(edit({SYSTEM: "Hello.", **values}), edit({SYSTEM: "Hello.\nGood bye."}))
    assert change.text == f"prompt support/main: line removed from the system message: “Good bye.”{where}"


def test_a_safety_part_no_longer_included_is_safety_removed(edit: Edit) -> None:
    dropped = edit({PARTS: {}, SYSTEM: "Hello."})
    codes = {change.path: change.code for change in diff(dropped, edit({SYSTEM: "Hello.\nWe are kind."}))}
    assert codes == {"messages": "prompt.line-removed", "parts.shared/safety": "prompt.safety-removed"}


def test_a_safety_part_written_out_in_place_is_not_safety_removed(edit: Edit, content: ReleaseContent) -> None:
    assert {change.code for change in diff(edit({PARTS: {}}), content)} == {"document.metadata"}


def test_a_safety_line_that_loses_its_force_is_safety_removed(edit: Edit) -> None:
    before, after = edit({SYSTEM: "Never share a password."}), edit({SYSTEM: "Share a password."})
    (change,) = diff(after, before)
    assert change.code == "prompt.safety-removed"


def test_a_safety_line_that_becomes_a_users_text_is_safety_removed(edit: Edit) -> None:
    line, hello = "Never share a password.", {"role": "system", "content": "Hello."}
    before = edit({"prompts.support/main.messages": [hello, {"role": "system", "content": line}]})
    after = edit({"prompts.support/main.messages": [hello, {"role": "user", "content": line}]})
    assert {change.code for change in diff(after, before)} == {"prompt.safety-removed", "prompt.line-added"}


@pytest.mark.parametrize(
    ("before", "after", "narrower"),
    [
        ({"type": "string"}, {}, False),
        ({}, {"type": "string"}, True),
        ({"type": "string"}, {"type": "integer"}, True),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, False),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, True),
        ({}, {"enum": ["a"]}, True),
        ({"maximum": 3}, {"maximum": 4}, False),
        ({"maximum": 3}, {"maximum": 2}, True),
        ({"minLength": 3}, {"minLength": 4}, True),
        ({"minLength": 3}, {}, False),
        ({"description": "a"}, {"description": "b"}, False),
        ({"properties": {"a": {}}}, {"properties": {}}, False),
        ({"properties": {"a": {}}}, {"properties": {}, "additionalProperties": False}, True),
        ({"properties": {"a": {"type": "object"}}}, {"properties": {"a": {"required": ["b"]}}}, True),
        ({"pattern": "a"}, {"pattern": "b"}, True),
    ],
)
def test_arguments_are_narrower_when_something_accepted_may_be_refused(
    before: dict[str, Any], after: dict[str, Any], narrower: bool, edit: Edit
) -> None:
    live, desired = (edit({"tools.shop/find-order.inputSchema": schema}) for schema in (before, after))
    codes = {change.code for change in diff(desired, live)}
    assert codes == {"tool.input-narrowed" if narrower else "tool.input-changed"}
