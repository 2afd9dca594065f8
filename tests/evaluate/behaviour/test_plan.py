"""The behavioural plan says what agents will say and do differently, what fails first."""

import json

import pytest

from mooring.errors import Refused
from mooring.evaluate.behaviour.values import parse
from mooring.evaluate.select import Side
from tests.evaluate.behaviour.story import (
    NEW,
    OLD,
    ORDERS,
    POLICY,
    REFUNDS,
    SUITES,
    Edit,
    answers,
    dropped,
    plan,
    reply,
    results,
)


def test_what_blocks_stands_on_top_with_both_answers(edit: Edit) -> None:
    found = dropped(edit)
    first = found.cases[0]
    assert (first.name, first.blocking, first.critical, first.state) == (
        "support/refunds/asks-a-person-first", True, True, "worse",
    )  # fmt: skip
    assert [(turn.old.text, turn.new.text) for turn in first.turns if turn.old and turn.new] == [
        (OLD[1].text, NEW[1].text)
    ]
    assert first.now == ("not-contains: “has been refunded” is in the answer",)
    assert first.before == ()
    assert [case.blocking for case in found.cases] == [True, True] + [False] * 10


def test_cases_whose_answer_only_reads_differently_come_before_those_that_are_the_same(edit: Edit) -> None:
    said = answers(OLD)
    said["order-5"] = [(True, reply("It is on its way, order T-1005."))]
    base, head = results(SUITES.values(), answers(OLD)), results(SUITES.values(), said)
    found = plan(base, head, Side(edit({}), SUITES), Side(edit({}), SUITES))
    assert [(case.case, case.differs, case.state) for case in found.cases[:2]] == [
        ("order-5", True, "same"),
        ("order-1", False, "same"),
    ]


def test_the_trial_that_fails_is_shown_beside_one_that_passed(edit: Edit) -> None:
    said = answers(OLD, repeats=3, live=True)
    said["flickers"][2] = (False, reply("No."))
    base = results(SUITES.values(), answers(OLD, repeats=3, live=True), "live")
    found = plan(base, results(SUITES.values(), said, "live"), Side(edit({}), SUITES), Side(edit({}), SUITES))
    shown = next(case for case in found.cases if case.case == "flickers")
    assert (shown.repeat, len(shown.head.passed), shown.turns[0].new and shown.turns[0].new.text) == (2, 2, "No.")


def test_prompts_that_differ_alike_are_shown_once(edit: Edit) -> None:
    found = dropped(edit)
    (diff,) = found.prompts
    assert diff.lines[1:] == (
        " You answer customers of Tidewater.",
        " Be short and friendly.",
        f"-{POLICY}",
        " Say what you looked up.",
    )
    assert len(diff.cases) == 12
    assert {case.prompt for case in found.cases} == {0}


def test_cost_and_latency_are_those_of_trials_that_were_measured(edit: Edit) -> None:
    simulated, live = dropped(edit), dropped(edit, live=True)
    assert simulated.new.latencies_seconds == ()
    assert len(live.old.latencies_seconds) == len(live.new.latencies_seconds) == 60
    assert sum(simulated.new.costs_usd) > sum(simulated.old.costs_usd)
    assert min(simulated.new.scores) == 0.5


def test_without_a_base_only_the_new_side_is_there(edit: Edit) -> None:
    found = plan(None, results(SUITES.values(), answers(OLD)), None, Side(edit({}), SUITES))
    assert (found.base, found.old.scores, len(found.new.scores), found.weakened, found.contracts) == (
        None,
        (),
        12,
        (),
        (),
    )
    assert all(turn.old is None for case in found.cases for turn in case.turns)


def test_a_conversation_that_broke_off_shows_the_turns_it_came_to(edit: Edit) -> None:
    talk = {"id": "talk", "turns": [{"message": text} for text in ("Hello.", "Refund T-1001.", "Thanks.")]}
    suites = {"support/talk": REFUNDS.model_copy(update={"name": "support/talk", "tests": ()})}
    suites["support/talk"] = type(REFUNDS).model_validate(
        {**REFUNDS.model_dump(by_alias=True, mode="json"), "name": "support/talk", "tests": [talk]}
    )
    head = results(suites.values(), {"talk": [(None, reply("", error="no answer within 60 seconds"))]})
    found = plan(None, head, None, Side(edit({}), suites))
    assert [turn.message for turn in found.cases[0].turns] == ["Hello."]
    assert found.cases[0].now == ("not-contains: could not be judged",)


def test_data_comes_back_as_the_same_plan_through_json(edit: Edit) -> None:
    found = dropped(edit, live=True)
    assert parse(json.dumps(found.data())) == found
    assert parse(found.data()) == found


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"environment": 1}'])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="this is no behavioural plan"):
        parse(text)


def test_a_suite_without_trials_does_not_disturb(edit: Edit) -> None:
    head = results([ORDERS], answers(OLD))
    found = plan(head, head, Side(edit({}), SUITES), Side(edit({}), SUITES))
    assert {case.suite for case in found.cases} == {"support/orders"}
