"""What a canary asks of the live agents, and what it makes of their answers."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.evaluate.smoke import AT_ONCE
from mooring.outcome import Reason
from mooring.spec import EvalSuite
from tests.operate.patrol.conftest import Round

CANARY = {"kind": "canary", "name": "canary"}


def suite(name: str = "support/smoke", *, smoke: bool = True, **case: Any) -> EvalSuite:
    head = {"apiVersion": "mooring/v1", "kind": "EvalSuite", "name": name, "version": "1.0.0"}
    rest = {"description": "Cases.", "owner": "@acme/support", "agent": "support", "smoke": smoke}
    sky = {"id": "sky", "vars": {"message": "Which colour?"}, "assert": [{"type": "contains", "value": "blue"}], **case}
    return EvalSuite.model_validate({**head, **rest, "tests": [sky]})


@dataclass
class Slot:
    """Answers every message with one text."""

    text: str
    rung: str = "L0"
    asked: list[str] = field(default_factory=list)

    def __call__(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        assert seconds > 0
        self.asked.append(body["message"])
        return {"text": self.text, "rung": self.rung, "calls": []}


def test_each_case_of_a_smoke_suite_is_asked_of_the_live_slot(looked: Round) -> None:
    looked.around.suites = {"support/smoke": suite(), "support/more": suite("support/more", smoke=False)}
    looked.around.ask = slot = Slot("The sky is blue.")
    (found,) = looked(CANARY)
    assert (found.last.check, found.standing.state) == ("canary/support/smoke/sky", "ok")
    assert slot.asked == ["Which colour?"]


def test_named_suites_are_asked_instead(looked: Round) -> None:
    looked.around.suites = {"support/smoke": suite(), "support/more": suite("support/more", smoke=False)}
    looked.around.ask = Slot("The sky is grey.")
    (found,) = looked({**CANARY, "suites": ["support/more"]})
    assert (found.last.check, found.standing.state) == ("canary/support/more/sky", "alarm")
    assert "blue" in found.last.detail


def test_an_apology_and_a_slot_that_does_not_answer_are_alarms(looked: Round) -> None:
    looked.around.suites = {"support/smoke": suite()}
    looked.around.ask = Slot("blue, but sorry", rung="L4")
    assert "no model answered" in looked(CANARY)[0].last.detail

    def broken(*_: Any) -> Mapping[str, Any]:
        raise Failed(Reason.PROCESS, "blue did not answer: it is gone")

    looked.around.ask = broken
    (found,) = looked(CANARY)
    assert (found.standing.state, "it is gone" in found.last.detail) == ("alarm", True)
    looked.around.ask = None
    assert looked(CANARY)[0].last.detail == "nothing runs here; moor up local"


@pytest.mark.parametrize(
    "case",
    [
        {"quarantine": {"expires": "2999-01-01", "owner": "@acme/support", "reason": "It flickers."}},
        {"vars": {"message": "Refund it", "approve": True}},
    ],
    ids=["quarantine", "approval"],
)
def test_cases_in_quarantine_and_those_that_need_a_person_are_not_asked(looked: Round, case: dict[str, Any]) -> None:
    looked.around.suites, looked.around.ask = {"support/smoke": suite(**case)}, Slot("blue")
    (found,) = looked(CANARY)
    assert (found.last.check, found.standing.state) == ("canary", "unknown")


def test_the_slot_has_no_more_conversations_at_once_than_a_rollout_has(looked: Round) -> None:
    going, most, lock = 0, 0, threading.Lock()

    def ask(body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        time.sleep(0.02)
        with lock:
            going -= 1
        return {"text": "blue", "rung": "L0", "calls": []}

    looked.around.suites = {f"support/s{number}": suite(f"support/s{number}") for number in range(3 * AT_ONCE)}
    looked.around.ask = ask
    assert {each.standing.state for each in looked(CANARY)} == {"ok"}
    assert 1 < most <= AT_ONCE
