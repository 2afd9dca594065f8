"""What the stand-ins refuse, as GitHub's published description of its API says."""

from typing import Any

import pytest

from tests.operate.repository.cut_description import CALLS, ELSEWHERE, SOURCE, schema
from tests.operate.repository.description import Undescribed, check, check_answer, described

ISSUES = "/repos/acme/agents/issues"
ACTIONS = "/repos/acme/agents/actions"


def test_the_description_says_where_it_is_from_and_has_every_call() -> None:
    assert described()["source"].startswith(f"{SOURCE}@")
    assert set(described()["operations"]) == {
        f"{method.upper()} {path}" for path, methods in CALLS.items() for method in methods
    } | {f"GET {path}" for path in ELSEWHERE}


@pytest.mark.parametrize(
    ("method", "path", "query", "sent", "why"),
    [
        ("GET", "/repos/acme/agents/", {}, None, "GET / is not in"),
        ("DELETE", ISSUES, {}, None, "DELETE /issues is not in"),
        ("GET", ISSUES, {"sate": ["open"]}, None, "no parameter 'sate'"),
        ("GET", ISSUES, {"state": ["opened"]}, None, "'opened' is not one of"),
        ("GET", ISSUES, {"page": ["one"]}, None, "'one' is not of type 'integer'"),
        ("GET", ISSUES, {"page": ["1", "2"]}, None, "more than once"),
        ("GET", ISSUES, {}, {}, "takes no body"),
        ("POST", ISSUES, {}, {"body": "text"}, "'title' is a required property"),
        ("POST", ISSUES, {}, {"title": "one", "txt": ""}, "'txt' was unexpected"),
        ("PATCH", f"{ISSUES}/7", {}, {"state_reason": "done"}, "'done' is not one of"),
        ("PUT", f"{ACTIONS}/permissions", {}, {"enabled": True, "allowed_actions": "some"}, "'some' is not one of"),
        ("PUT", f"{ACTIONS}/permissions/workflow", {}, {"token": "read"}, "'token' was unexpected"),
        ("POST", "/repos/acme/agents/pulls", {}, None, "is not of type 'object'"),
    ],
)
def test_a_request_that_is_not_described_is_refused(
    method: str, path: str, query: dict[str, list[str]], sent: Any, why: str
) -> None:
    with pytest.raises(Undescribed, match=why):
        check(method, path, query, sent)


def test_an_answer_is_right_as_far_as_it_goes() -> None:
    operation = check("POST", ISSUES, {}, {"title": "one"})
    check_answer(operation, 201, {"number": 1, "user": {"login": "ann"}})
    check_answer(operation, 403, {"message": "no"})
    for status, data in ((200, {}), (201, {"number": "1"}), (201, {"user": {"login": 1}})):
        with pytest.raises(Undescribed):
            check_answer(operation, status, data)


def test_a_value_that_may_be_null_may_be() -> None:
    made = schema({"type": "object", "properties": {"title": {"type": "string", "nullable": True, "title": "A title"}}})
    assert made["properties"] == {"title": {"anyOf": [{"type": "null"}, {"type": "string"}]}}
