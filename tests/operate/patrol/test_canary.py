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


@dataclass
class Busy:
    """Takes its time for every answer, and counts those it works on: `going` now, `most` at once."""

    seconds: float
    going: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, body: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        with self.lock:
            self.going += 1
            self.most = max(self.most, self.going)
        time.sleep(self.seconds)
        with self.lock:
            self.going -= 1
        return {"text": "blue", "rung": "L0", "calls": []}


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


def test_suites_that_cannot_be_loaded_are_unknown_and_why_is_said(looked: Round) -> None:
    looked.around.unloaded, looked.around.ask = "the commit is gone", Slot("blue")
    (found,) = looked(CANARY)
    assert (found.last.check, found.standing.state) == ("canary", "unknown")
    assert found.last.detail == "the suites of the commit that serves cannot be loaded: the commit is gone"


def test_the_slot_has_no_more_conversations_at_once_than_a_rollout_has(looked: Round) -> None:
    looked.around.suites = {f"support/s{number}": suite(f"support/s{number}") for number in range(3 * AT_ONCE)}
    looked.around.ask = busy = Busy(0.02)
    assert {each.standing.state for each in looked(CANARY)} == {"ok"}
    assert 1 < busy.most <= AT_ONCE


@pytest.mark.slow
def test_a_case_that_waits_for_its_turn_does_not_use_up_its_time(looked: Round) -> None:
    """Five rounds of 0.4 s each, with a limit of 1.5 s."""
    looked.around.suites = {f"support/s{number}": suite(f"support/s{number}") for number in range(5 * AT_ONCE)}
    looked.around.ask = Busy(0.4)
    found = looked({**CANARY, "timeoutSeconds": 1.5, "failures": 1})
    assert {(each.standing.state, each.last.detail) for each in found} == {("ok", "L0")}
    assert max(each.last.seconds for each in found) < 1.5


@pytest.mark.slow
def test_a_case_whose_time_is_over_keeps_its_turn_until_the_slot_has_ended_it(looked: Round) -> None:
    looked.around.suites = {f"support/s{number}": suite(f"support/s{number}") for number in range(2 * AT_ONCE)}
    looked.around.ask = busy = Busy(0.5)
    found = looked({**CANARY, "timeoutSeconds": 0.1, "failures": 1})
    assert {each.last.detail for each in found} == {"no answer within 0.1 s"}
    assert (busy.most, busy.going) == (AT_ONCE, 0)


def test_two_canaries_share_the_turns(looked: Round) -> None:
    looked.around.suites = {f"support/s{number}": suite(f"support/s{number}") for number in range(AT_ONCE)}
    looked.around.ask = busy = Busy(0.02)
    looked(CANARY, {**CANARY, "name": "second"})
    assert busy.most <= AT_ONCE
