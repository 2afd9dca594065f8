"""Smoke suites asked of something that answers as a slot would."""

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.evaluate.smoke import smoke
from mooring.outcome import Reason
from tests.evaluate.gate.sample import suite


class Slot:
    """Answers a message with a text, or fails as it is told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[dict[str, Any]] = []

    def __call__(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        self.asked.append({**body, "seconds": seconds})
        answer = self.answers.get(body["message"], "Hello.")
        if isinstance(answer, Exception):
            raise answer
        reply = {"text": answer} if isinstance(answer, str) else answer
        counts = {"input_tokens": 1, "output_tokens": 1, "cost_usd": 0.0}
        return {"calls": [], "awaiting_approval": [], "rung": "L0", "error": None, **counts, **reply}


def case(message: str, expected: str, **more: Any) -> dict[str, Any]:
    name = message.lower()
    return {"id": name, "vars": {"message": message}, "assert": [{"type": "contains", "value": expected}], **more}


def asked(slot: Slot, *cases: dict[str, Any], seconds: float = 30, **more: Any) -> list[str]:
    return smoke({"support/smoke": suite("support/smoke", cases, smoke=True, **more)}, slot, seconds)


def test_all_is_well_when_every_case_holds() -> None:
    slot = Slot(Policy="Within 30 days.")
    assert asked(slot, case("Policy", "30 days"), case("Hi", "Hello")) == []
    assert {ask["message"] for ask in slot.asked} == {"Policy", "Hi"}
    assert all(ask["agent"] == "support" and 0 < ask["seconds"] <= 30 for ask in slot.asked)
    assert len({ask["run"] for ask in slot.asked}) == 2


def test_what_does_not_hold_is_one_line_with_its_reason() -> None:
    (line,) = asked(Slot(Policy="Whenever you like."), case("Policy", "30 days"), case("Hi", "Hello"))
    assert line.startswith("support/smoke/policy: contains: ")
    assert "30 days" in line


def test_calls_of_tools_are_judged_too() -> None:
    made = {"text": "Done.", "calls": [{"name": "refund_order", "arguments": {}, "result": {}, "error": None}]}
    forbidden: dict[str, Any] = {"id": "kept", "vars": {"message": "Refund"}}
    forbidden["assert"] = [{"type": "tool-policy", "value": {"forbidden": ["refund_order"]}}]
    (line,) = asked(Slot(Refund=made), forbidden)
    assert line.startswith("support/smoke/kept: tool-policy: ")
    assert asked(Slot(Refund="I cannot."), forbidden) == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Failed(Reason.PROCESS, "green did not answer within 3 s"), "green did not answer within 3 s"),
        ({"text": "", "error": "the agent reached the limit of calls in one run"}, "limit of calls"),
        ({"text": "Sorry.", "rung": "L4"}, "no model answered"),
    ],
)
def test_no_answer_is_not_a_good_one(answer: Any, words: str) -> None:
    (line,) = asked(Slot(Policy=answer), case("Policy", "30 days"))
    assert words in line


def test_a_conversation_keeps_its_history_and_ends_where_it_breaks() -> None:
    turns = [{"message": "One"}, {"message": "Two"}, {"message": "Three"}]
    long = {"id": "long", "turns": turns, "assert": [{"type": "contains", "value": "3"}]}
    slot = Slot(One="1", Two="2", Three="3")
    assert asked(slot, long) == []
    assert [len(ask["history"]) for ask in slot.asked] == [0, 2, 4]
    assert slot.asked[2]["history"] == (("user", "One"), ("assistant", "1"), ("user", "Two"), ("assistant", "2"))
    assert len({ask["run"] for ask in slot.asked}) == 1
    broken = Slot(One={"text": "", "error": "broken"})
    assert "broken" in asked(broken, long)[0]
    assert len(broken.asked) == 1


def test_the_answer_that_stands_in_a_case_goes_with_its_message() -> None:
    slot = Slot()
    turns = [{"message": "One", "answer": "Hello."}, {"message": "Two"}]
    asked(slot, {"id": "long", "turns": turns, "assert": [{"type": "contains", "value": "Hello"}]})
    assert [ask["answer"] for ask in slot.asked] == [{"calls": [], "text": "Hello."}, None]


def test_variables_are_the_prompts_alone() -> None:
    slot = Slot()
    asked(slot, {**case("Hi", "Hello"), "vars": {"message": "Hi", "page": "help"}})
    assert slot.asked[0]["variables"] == {"page": "help"}


def test_time_is_the_rollouts_and_the_suites_own() -> None:
    slot = Slot()
    asked(slot, case("Hi", "Hello"), timeoutSeconds=2)
    assert slot.asked[0]["seconds"] <= 2
    (line,) = asked(slot, case("Hi", "Hello"), seconds=0)
    assert "no time left" in line


def test_a_quarantined_case_is_left_out_until_it_expires() -> None:
    def apart(expires: str) -> dict[str, Any]:
        return case("Hi", "Bye", quarantine={"owner": "@tidewater/support", "reason": "flaky", "expires": expires})

    assert asked(Slot(), apart("2999-01-01")) == []
    assert len(asked(Slot(), apart("2020-01-01"))) == 1
