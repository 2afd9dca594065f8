"""The suites pass because of what the prompts say: what is lost from a prompt, cases notice."""

import pytest

from mooring.evaluate.values import Trial
from tests.evaluate.suites.cases import FAILING, LINES, WORDS, Cases
from tests.evaluate.suites.sabotage import present, suites

pytestmark = pytest.mark.slow

Asked = dict[str, dict[str, Trial]]


def names(cases: Cases) -> set[str]:
    return {f"{suite}/{case}" for suite, ids in cases.items() for case in ids}


def failed(trials: dict[str, Trial]) -> dict[str, list[str]]:
    """Cases that did not pass, with the reasons."""
    return {
        name: [score.reason for score in trial.scores if not score.passed]
        + [str(reply.error) for reply in trial.replies]
        for name, trial in trials.items()
        if trial.passed is not True
    }


def test_every_case_passes_on_the_present_prompts(asked: Asked) -> None:
    assert failed(asked[""]) == {}
    assert asked[""].keys() == {f"{name}/{case.id}" for name, suite in suites().items() for case in suite.tests}


def test_prompts_say_what_is_said_otherwise_in_the_reworded_ones() -> None:
    texts = "\n".join(message.content for prompt in present().prompts.values() for message in prompt.messages)
    assert [line for line in WORDS if line not in texts] == []


@pytest.mark.parametrize("edit", FAILING)
def test_exactly_the_cases_that_an_edit_touches_fail(asked: Asked, edit: str) -> None:
    assert failed(asked[edit]).keys() == names(FAILING[edit][1])


@pytest.mark.parametrize("line", LINES)
def test_no_line_is_lost_unnoticed(asked: Asked, line: str) -> None:
    wanted = names(LINES[line][1])
    assert asked[line].keys() == wanted
    assert failed(asked[line]).keys() == wanted
