"""The description of the API is made of what the server routes by, and real answers fit it."""

import re
from typing import Any

import openai
import pytest
from pydantic import BaseModel
from starlette.routing import Route

from mooring.runtime.core.problems import CODES
from mooring.runtime.door.openapi import answers
from mooring.runtime.door.openapi.document import document
from mooring.runtime.door.table import ENDPOINTS


def described(serving: Any) -> Any:
    return serving.http.get("/openapi.json").json()


def operations(description: Any) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described_and_nothing_else(module_server):
    routes = {
        (method, route.path_format)
        for route in module_server.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert set(operations(described(module_server))) == routes
    assert len(routes) == len(ENDPOINTS)


def test_every_reference_leads_somewhere_and_every_part_is_used(module_server):
    description = described(module_server)
    parts = {f"#/components/{kind}/{name}" for kind, named in description["components"].items() for name in named}
    used: set[str] = set()
    links: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            used.update([value["$ref"]] if "$ref" in value else [])
            links.update([value["operationId"]] if set(value) == {"operationId", "parameters"} else [])
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            walk(inner)

    walk(description)
    assert used == parts
    assert links
    assert links <= {operation["operationId"] for operation in operations(description).values()}


def test_names_of_operations_are_their_own(module_server):
    names = [operation["operationId"] for operation in operations(described(module_server)).values()]
    assert len(set(names)) == len(names)


def test_every_operation_says_how_it_fails(module_server):
    for (method, path), operation in operations(described(module_server)).items():
        said = " ".join(answer["description"] for answer in operation["responses"].values())
        assert {"404", "405", "429", "500"} <= set(operation["responses"]), (method, path)
        assert set(re.findall(r"`(\w+)`:", said)) <= set(CODES)
        assert "x-mooring-release" in operation["responses"]["404"]["headers"]


def test_every_code_that_a_client_can_get_is_described_somewhere():
    said = str([document(ENDPOINTS, "x", secured)["paths"] for secured in (False, True)])
    assert [code for code in CODES if f"`{code}`" not in said] == []


def test_keys_are_described_where_they_are_needed():
    assert "securitySchemes" not in document(ENDPOINTS, "x", secured=False)["components"]
    secured = document(ENDPOINTS, "x", secured=True)
    assert secured["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    assert secured["security"] == [{"key": []}]


def test_what_the_release_decides_is_described_with_what_may_be_sent(module_server):
    body = described(module_server)["components"]["schemas"]["ChatBody"]["properties"]
    assert body["n"]["enum"] == [None, 1]
    assert body["tool_choice"]["enum"] == [None, "none", "auto"]


CHAT = {"model": "support", "messages": [{"role": "user", "content": "x"}]}
REAL: list[tuple[str, str, Any, type[BaseModel]]] = [
    ("POST", "/v1/chat/completions", CHAT, answers.Completion),
    ("POST", "/v1/responses", {"model": "support", "input": "x", "conversation": "a"}, answers.ResponseObject),
    ("POST", "/agents/support/runs?wait=true", {"message": "x"}, answers.RunObject),
    ("POST", "/agents/support/runs", {"message": "x"}, answers.RunObject),
    ("GET", "/v1/models", None, answers.Models),
    ("GET", "/v1/models/support", None, answers.Model),
    ("GET", "/livez", None, answers.Health),
    ("GET", "/nowhere", None, answers.Error),
]


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize(("method", "path", "body", "model"), REAL)
def test_a_real_answer_has_the_fields_that_are_described(serve, stub, reply, method, path, body, model, tool):
    first = reply(tool=("refund_order", {"order": "A1", "cents": 5})) if tool else reply("yes")
    stub.script("primary-1", first)
    serving = serve()
    answer = serving.http.request(method, path, json=body)
    model.model_validate_json(answer.text)
    if model is answers.ResponseObject and not tool:
        answers.Items.model_validate_json(serving.http.get(f"/v1/responses/{answer.json()['id']}/input_items").text)
        answers.ConversationObject.model_validate_json(serving.http.get("/conversations/a").text)
        answers.Deleted.model_validate_json(serving.http.delete(f"/v1/responses/{answer.json()['id']}").text)


def test_a_response_has_every_field_that_the_official_client_requires():
    """Those that its own model has no default for."""
    ours = answers.ResponseObject.model_fields
    needed = {name for name, field in openai.types.responses.Response.model_fields.items() if field.is_required()}
    assert needed <= set(ours)
