"""Tools go out and come back as they were."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.catalog.parse import parse
from mooring.exchange.files import json_of
from mooring.exchange.intake import Draft, Intake
from mooring.exchange.tool_export import to_mcp, to_openai
from mooring.exchange.tools import read_mcp, read_openai
from mooring.exchange.writing import place, render
from mooring.spec import Tool

names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,40}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\ufeff"), min_size=1, max_size=40)
schemas = st.builds(
    lambda properties: {"type": "object", "properties": properties, "required": sorted(properties)},
    st.dictionaries(names, st.fixed_dictionaries({"type": st.just("string"), "description": texts}), max_size=3),
)
hints = st.sampled_from(
    [
        {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
        {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True},
        {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": True, "openWorldHint": True},
    ]
)
tools = st.builds(
    lambda name, says, given, answer, said: {
        "name": name,
        "description": says,
        "inputSchema": given,
        "outputSchema": answer,
        "annotations": said,
    },
    *(names, texts, schemas, schemas, hints),
)


def tool(draft: Draft) -> Tool:
    """The draft by way of its YAML text, as the catalog reads it."""
    parsed = parse(place(draft), render(draft, "@tidewater/support").encode())
    assert parsed.findings == []
    return Tool.model_validate_json(json.dumps(parsed.data), strict=True, by_alias=True, by_name=False)


def taken() -> Intake:
    return Intake("shop.json", Path("/nowhere"))


@pytest.mark.slow
@given(st.lists(tools, max_size=3))
def test_tools_of_mcp_come_back_the_same(listed: list[dict[str, Any]]) -> None:
    listed = list({each["name"].lower(): each for each in listed}.values())
    intake = taken()
    read_mcp(json_of(json.dumps({"tools": listed})), intake)
    assert to_mcp([tool(draft) for draft in intake.drafts]) == {"tools": listed}
    assert intake.left == []


@pytest.mark.slow
@given(tools)
def test_tools_of_openai_come_back_the_same(one: dict[str, Any]) -> None:
    shape = {"name": one["name"], "description": one["description"], "parameters": one["inputSchema"]}
    listed = [{"type": "function", "function": shape}]
    intake = taken()
    read_openai(json_of(json.dumps(listed)), intake)
    assert to_openai([tool(draft) for draft in intake.drafts]) == listed
    assert intake.left == []


def test_tools_whose_names_come_too_close_are_told_apart() -> None:
    intake = taken()
    read_openai([{"type": "function", "name": name, "description": "x"} for name in ("getOrder", "get_order")], intake)
    assert [(draft.name, tool(draft).exported) for draft in intake.drafts] == [
        ("shop/get-order", "getOrder"),
        ("shop/get-order-2", "get_order"),
    ]


@given(st.from_regex(r"[-+.0-9][-+._0-9a-fox]{0,8}|[nN]ull|~|[Tt]rue|no|=|<<|'|\"|#|- |@x", fullmatch=True) | texts)
def test_texts_stay_texts(text: str) -> None:
    draft = Draft("Tool", "x", "x", {"a": text, "b": [f"{text}\n  {text}\n"]})
    parsed = parse(place(draft), render(draft, "@tidewater/support").encode())
    assert parsed.data is not None
    assert [parsed.data["a"], parsed.data["b"]] == [draft.data["a"], draft.data["b"]]
