"""What promptfoo accepts without a word and a suite must not: variables without a use, tests that assert nothing."""

from pathlib import Path

from mooring.exchange.intake import Intake, Wishes
from mooring.exchange.reading import take

PROMPTS = """
prompts:
  - file://chat.json
"""
CHAT = '[{"role": "system", "content": "You work at {{house}}."}, {"role": "user", "content": "{{question}}"}]'


def imported(folder: Path, text: str) -> Intake:
    (folder / "chat.json").write_text(CHAT)
    (folder / "promptfooconfig.yaml").write_text(text)
    return take("promptfooconfig.yaml", folder / "promptfooconfig.yaml", None, Wishes(agent="clerk"))


def cases(intake: Intake) -> dict[str, dict[str, object]]:
    suites = [draft.data for draft in intake.drafts if draft.kind == "EvalSuite"]
    return {case["id"]: case for suite in suites for case in suite["tests"]}


def left(intake: Intake) -> dict[str, str]:
    return {note.path: note.text for note in intake.left}


def test_an_assertion_below_vars_is_named_as_such_and_not_carried_as_a_variable(tmp_path: Path) -> None:
    intake = imported(
        tmp_path,
        PROMPTS
        + """
defaultTest: {assert: [{type: not-contains, value: sorry}]}
tests:
  - description: Slipped
    vars:
      question: Is there a letter?
      assert: [{type: contains, value: letter}]
""",
    )
    assert cases(intake)["slipped"]["vars"] == {"message": "Is there a letter?"}
    assert left(intake)["tests (slipped).vars.assert"] == "no prompt renders it: it belongs beside `vars`, not below"


def test_variables_that_a_request_cannot_set_are_left_behind_with_the_reason(tmp_path: Path) -> None:
    text = PROMPTS + (
        "tests: [{description: Set, vars: {question: Hi, house: mill, expected: letter},"
        " assert: [{type: contains, value: '{{expected}}'}]}]"
    )
    intake = imported(tmp_path, text)
    (case,) = cases(intake).values()
    assert case["vars"] == {"message": "Hi"}
    assert case["assert"] == [{"type": "contains", "value": "letter"}]
    assert left(intake) == {
        "tests (set).vars.house": "a system message renders it: write it into the agent's `variables`",
        "tests (set).vars.expected": "no prompt renders it",
    }


def test_variables_stay_where_no_prompt_is_known(tmp_path: Path) -> None:
    intake = imported(tmp_path, "tests: [{vars: {message: Hi, note: x}, assert: [{type: contains, value: y}]}]")
    (case,) = cases(intake).values()
    assert case["vars"] == {"message": "Hi", "note": "x"}


def test_a_test_that_asserts_nothing_is_left_out(tmp_path: Path) -> None:
    intake = imported(
        tmp_path,
        PROMPTS
        + """
tests:
  - {description: Good, vars: {question: Hi}, assert: [{type: contains, value: letter}]}
  - {description: Bare, vars: {question: Hi}}
  - {description: Code, vars: {question: Hi}, assert: [{type: javascript, value: output.length}]}
  - {description: Quick, vars: {question: Hi}, assert: [{type: latency, threshold: 500}]}
  - {description: Weightless, vars: {question: Hi}, assert: [{type: contains, value: x, weight: 0}]}
""",
    )
    assert list(cases(intake)) == ["good"]
    assert len([text for text in left(intake).values() if "left out" in text or "asserts nothing" in text]) == 4
