"""Changes of prompts and tools, in terms of semver."""

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.evaluate.behaviour.contracts import contracts
from mooring.evaluate.behaviour.results import losses
from tests.evaluate.behaviour.story import Edit

PROMPT = "prompts.support/main"
TOOL = "tools.shop/find-order"
FIELDS: dict[str, Any] = {"id": {"type": "string"}, "state": {"enum": ["sent", "lost"]}}
LOOSE: dict[str, Any] = {"type": "object", "properties": FIELDS}


@pytest.mark.parametrize(
    ("changed", "level", "text"),
    [
        ({f"{PROMPT}.input.required": ["message", "shop", "tier"], f"{PROMPT}.input.properties.tier": {}}, "major",
         "input variable tier is required now"),
        ({f"{PROMPT}.input.properties.tier": {"type": "string"}}, "minor", "new input variable tier"),
        ({f"{PROMPT}.input.required": ["message"]}, "minor", "input variable shop may be left out"),
        ({f"{PROMPT}.input.properties.shop": {"type": "string", "maxLength": 9}}, "major",
         "input variable maxLength of shop nothing → 9"),
        ({f"{PROMPT}.output": {"type": "object"}}, "minor", "output promises more than before"),
        ({f"{PROMPT}.messages.0.content": "You answer customers of {{ shop }}."}, "patch", None),
        ({f"{TOOL}.inputSchema.required": ["orderId", "detail"]}, "major", "arguments: detail is now required"),
        ({f"{TOOL}.inputSchema.properties.page": {"type": "integer"}}, "minor", None),
        ({f"{TOOL}.outputSchema": LOOSE}, "minor", "result promises more than before"),
        ({f"{TOOL}.exportName": "look_up"}, "major", None),
        ({f"{TOOL}.description": "Looks up an order."}, "patch", None),
        ({f"{TOOL}.annotations.readOnlyHint": False}, "major", None),
    ],
)  # fmt: skip
def test_the_level_is_that_of_the_worst_change(
    edit: Edit, changed: Mapping[str, Any], level: str, text: str | None
) -> None:
    (contract,) = contracts(diff(edit(changed), edit({})))
    assert contract.level == level
    assert contract.understated is not contract.inherited
    assert text is None or text in contract.texts


@pytest.mark.parametrize(
    ("version", "declared", "understated"),
    [("1.0.0", None, True), ("1.0.1", "patch", True), ("1.1.0", "minor", True), ("2.0.0", "major", False)],
)
def test_a_version_that_promises_less_than_there_is_is_told(
    edit: Edit, version: str, declared: str | None, understated: bool
) -> None:
    head = edit({f"{TOOL}.version": version, f"{TOOL}.exportName": "look_up"})
    (contract,) = contracts(diff(head, edit({})))
    assert (contract.declared, contract.understated) == (declared, understated)


def test_a_prompt_that_changed_through_a_shared_part_need_not_rise(edit: Edit) -> None:
    (contract,) = contracts(
        diff(edit({f"{PROMPT}.parts.shared/tone": "1.0.1", f"{PROMPT}.messages.0.content": "Hi."}), edit({}))
    )
    assert (contract.inherited, contract.declared, contract.understated) == (True, None, False)


def test_before_1_0_a_minor_version_may_break(edit: Edit) -> None:
    head = edit({f"{TOOL}.version": "0.3.0", f"{TOOL}.exportName": "look_up"})
    (contract,) = contracts(diff(head, edit({f"{TOOL}.version": "0.2.9"})))
    assert contract.declared == "major"


def test_a_tool_that_is_gone_breaks_and_one_that_is_new_does_not(edit: Edit) -> None:
    without = edit({TOOL: ..., "agents.support.tools": ["shop/refund-order"]})
    (gone,) = contracts(diff(without, edit({})))
    assert (gone.document, gone.level, gone.understated) == ("tool shop/find-order", "major", False)
    assert contracts(diff(edit({}), without)) == ()


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (LOOSE, []),
        ({**LOOSE, "additionalProperties": False}, []),
        ({**LOOSE, "properties": {"id": {"type": "string"}}}, ["field state is gone"]),
        ({**LOOSE, "properties": {**FIELDS, "id": {"type": "integer"}}}, ["type of id string → integer"]),
        ({**LOOSE, "properties": {**FIELDS, "state": {"enum": ["sent", "back", "lost"]}}},
         ["state may be back now"]),
        ({**LOOSE, "properties": {**FIELDS, "state": {}}}, ["state may be anything now"]),
        ({**LOOSE, "properties": {**FIELDS, "more": {}}}, []),
        (None, ["as a whole has no shape any more"]),
    ],
)  # fmt: skip
def test_results_may_become_more_and_not_less(after: Any, lost: list[str]) -> None:
    assert list(losses(LOOSE, after)) == lost


def test_what_was_sure_and_what_is_in_lists_is_looked_at() -> None:
    before = {"type": "array", "items": {**LOOSE, "required": ["id"]}}
    assert list(losses(before, {"type": "array", "items": LOOSE})) == ["field [].id may be missing now"]
    assert list(losses({"maxLength": 5}, {"maxLength": 9})) == ["maxLength 5 → 9"]
    assert list(losses({"maxLength": 9}, {"maxLength": 5})) == []
