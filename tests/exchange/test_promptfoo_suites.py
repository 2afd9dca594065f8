"""Suites of promptfoo: what becomes of variables, scenarios, sets and single assertions."""

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.exchange.intake import Intake, Wishes
from mooring.exchange.reading import take


def taken(folder: Path, config: Any, **files: str) -> Intake:
    """`files` by name, with __ for a dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    file = folder / "promptfooconfig.json"
    file.write_text(json.dumps(config, ensure_ascii=False, indent=1))
    return take(file.name, file, "promptfoo", Wishes(agent="desk"))


def cases(intake: Intake) -> list[dict[str, Any]]:
    return [case for draft in intake.drafts if draft.kind == "EvalSuite" for case in draft.data["tests"]]


def asks(*asserted: Any, **more: Any) -> dict[str, Any]:
    return {"vars": {"message": "Hi"}, "assert": list(asserted), **more}


def made(folder: Path, given: Any, **files: str) -> tuple[list[dict[str, Any]], Intake]:
    """What one assertion becomes, beside one that always holds its case up."""
    intake = taken(folder, {"tests": [asks(given, {"type": "contains", "value": "held"})]}, **files)
    (case,) = cases(intake)
    return case["assert"][:-1], intake


A, B, C = ({"type": "contains", "value": letter} for letter in "abc")
SCHEMA = {"type": "object", "required": ["price"]}

SINGLE: list[tuple[Any, Any]] = [
    ({"type": "contains", "value": 0}, {"type": "contains", "value": "0"}),
    ({"type": "contains-any", "value": [1, "b"]}, {"type": "contains-any", "value": ["1", "b"]}),
    ({"type": "is-json", "value": json.dumps(SCHEMA)}, {"type": "is-json", "value": SCHEMA}),
    ({"type": "is-json", "value": "type: object\nrequired: [price]\n"}, {"type": "is-json", "value": SCHEMA}),
    ({"type": "contains-json", "value": "file://schema.json"}, {"type": "contains-json", "value": SCHEMA}),
    ({"type": "not-is-json", "value": "file://schema.txt"}, {"type": "not-is-json", "value": SCHEMA}),
    ({"type": "is-json", "value": ""}, {"type": "is-json"}),
    ({"type": "equals", "value": "file://schema.json"}, {"type": "equals", "value": SCHEMA}),
    ({"type": "word-count", "value": "20"}, {"type": "word-count", "value": 20}),
    ({"type": "levenshtein", "value": "a"}, {"type": "levenshtein", "value": "a"}),
    ({"type": "levenshtein", "value": "a", "threshold": 0.75}, {"type": "levenshtein", "value": "a", "threshold": 0}),
    ({"type": "rouge-n", "value": "a b", "threshold": 0.6}, {"type": "rouge-n", "value": "a b", "threshold": 0.6}),
    ({"type": "not-rouge-n", "value": "a b"}, {"type": "not-rouge-n", "value": "a b"}),
    ({"type": "bleu", "value": ["a", "b"]}, {"type": "bleu", "value": ["a", "b"]}),
    ({"type": "factuality", "value": "a"}, {"type": "factuality", "value": "a"}),
    ({"type": "model-graded-factuality", "value": "a"}, {"type": "factuality", "value": "a"}),
    ({"type": "model-graded-closedqa", "value": "a", "weight": 2}, {"type": "closed-qa", "value": "a", "weight": 2}),
    ({"type": "g-eval", "value": ["a", "b"]}, {"type": "llm-rubric", "value": {"steps": ["a", "b"]}}),
    ({"type": "answer-relevance"}, {"type": "deepeval:AnswerRelevancy", "threshold": 0.7}),
    ({"type": "answer-relevance", "threshold": 0.9}, {"type": "deepeval:AnswerRelevancy", "threshold": 0.9}),
]


@pytest.mark.parametrize(("given", "ours"), SINGLE, ids=str)
def test_an_assertion_becomes_one_of_ours(given: Any, ours: Any, tmp_path: Path) -> None:
    found, intake = made(tmp_path, given, schema__json=json.dumps(SCHEMA), schema__txt=f"{json.dumps(SCHEMA)}\n")
    assert found == [ours]
    assert [note for note in intake.left if "provider" not in note.path] == []


LOST: list[tuple[Any, str, str]] = [
    ({"type": "is-json", "value": "{"}, "value", "is no JSON Schema"),
    ({"type": "is-json", "value": "just words"}, "value", "is no JSON Schema"),
    ({"type": "is-json", "value": False}, "value", "is no JSON Schema"),
    ({"type": "is-json", "value": {"type": "objekt"}}, "value.type", "array, boolean"),
    ({"type": "regex", "value": "(a+)+$"}, "value", "the pattern"),
    ({"type": "regex", "value": "(?<name>a)"}, "value", "the pattern"),
    ({"type": "not-factuality", "value": "a"}, "", "cannot be turned round"),
    ({"type": "factuality"}, "value", "an answer that is right"),
    ({"type": "gleu", "value": "a"}, "", "not known"),
    ({"type": "levenshtein", "value": "a", "threshold": -1}, "threshold", "at least 0"),
    ({"type": "bleu", "value": "a", "threshold": 7}, "threshold", "a share"),
    ({"type": "equals", "value": "{{ absent.name }}"}, "value", "template"),
    ({"type": "equals", "value": "{{ message | upper }}"}, "value", "template"),
    ({"type": "context-recall", "value": "a"}, "value", "no variable `context`"),
    ({"type": "cost"}, "threshold", "needs a threshold"),
    ({"$ref": "#/assertionTemplates/absent"}, "", "no assertion with a type"),
    ({"type": "python", "value": "file://x.py"}, "", "code"),
]


@pytest.mark.parametrize(("given", "path", "says"), LOST, ids=str)
def test_an_assertion_that_cannot_be_carried_is_told_with_its_line(
    given: Any, path: str, says: str, tmp_path: Path
) -> None:
    found, intake = made(tmp_path, given)
    assert found == []
    (note,) = intake.left
    assert note.path == ".".join(filter(None, ["tests.0.assert.0", path]))
    assert says in note.text
    text = (tmp_path / "promptfooconfig.json").read_text().split("\n")
    assert 7 <= note.line < text.index('     "type": "contains",')


def test_what_was_looked_up_goes_with_assertions_about_it(tmp_path: Path) -> None:
    listed = [{"type": f"context-{name}", "value": "a", "threshold": 0.9} for name in ("faithfulness", "recall")]
    listed.append({"type": "context-relevance", "threshold": 0.5})
    variables = {"message": "Hi", "context": "Returns: 30 days."}
    (case,) = cases(taken(tmp_path, {"tests": [{"vars": variables, "assert": listed}]}))
    context = {"context": ["Returns: 30 days."]}
    assert case["assert"] == [
        {"type": "faithfulness", "value": context, "threshold": 0.9},
        {"type": "deepeval:ContextualRecall", "value": {**context, "expected": "a"}, "threshold": 0.9},
        {"type": "deepeval:ContextualRelevancy", "value": context, "threshold": 0.5},
    ]


def test_a_set_of_which_all_must_hold_is_its_assertions(tmp_path: Path) -> None:
    (case,) = cases(taken(tmp_path, {"tests": [asks(A, {"type": "assert-set", "metric": "m", "assert": [B, C]})]}))
    assert case["assert"] == [A, {"metric": "m", **B}, {"metric": "m", **C}]


def test_in_a_weighted_test_a_set_weighs_as_one(tmp_path: Path) -> None:
    inner = [{**B, "weight": 3}, C]
    given = asks(A, {"type": "assert-set", "weight": 2, "threshold": 0.5, "assert": inner}, threshold=0.6)
    (case,) = cases(taken(tmp_path, {"tests": [given]}))
    assert case["threshold"] == 0.6
    assert case["assert"] == [A, {**B, "weight": 1.5}, {**C, "weight": 0.5}]


def test_a_set_of_which_a_share_must_hold_is_a_case_of_its_own(tmp_path: Path) -> None:
    share = {"type": "assert-set", "threshold": 0.5, "assert": [B, C]}
    alone, beside = cases(taken(tmp_path, {"tests": [asks(share), asks(A, share, vars={"message": "Ho"})]}))[:2]
    assert (alone["assert"], alone["threshold"]) == ([B, C], 0.5)
    assert (beside["id"], beside["assert"], "threshold" in beside) == ("ho", [A], False)
    apart = cases(taken(tmp_path, {"tests": [asks(A, share)]}))[1]
    assert (apart["id"], apart["assert"], apart["threshold"]) == ("hi-2", [B, C], 0.5)


@pytest.mark.parametrize(
    ("given", "default", "says"),
    [
        ({"threshold": 0.5, "assert": [B, {"type": "gleu", "value": "x"}]}, [], "not all of them"),
        ({"threshold": 0.5, "assert": [B, C]}, [A], "defaultTest asserts more"),
        ({"threshold": 0, "assert": [B]}, [], "no share that says something"),
        ({"assert": []}, [], "without assertions"),
    ],
)
def test_a_set_that_cannot_be_carried_is_no_case_that_passes(
    given: Any, default: list[Any], says: str, tmp_path: Path
) -> None:
    config = {"defaultTest": {"assert": default}, "tests": [asks({"type": "assert-set", **given})]}
    intake = taken(tmp_path, config)
    assert intake.drafts == []
    assert says in str(intake.left)


def test_every_test_of_a_scenario_meets_all_of_its_data(tmp_path: Path) -> None:
    config = [{"vars": {"to": "Bo", "x": 1}, "assert": [A]}, {"$values": "file://data.yaml"}]
    asked = [{"description": "To {{to}}", "vars": {"message": "Hi", "x": 2}, "assert": [B]}]
    scenario = {"description": "s", "config": config, "tests": asked}
    data = "- vars: {to: Cy}\n  assert: [{type: gleu, value: x}]\n"
    intake = taken(tmp_path, {"scenarios": [scenario, "file://more.yaml"]}, data__yaml=data, more__yaml="tests: 3\n")
    assert cases(intake) == [
        {"id": "to-bo", "description": "To Bo", "vars": {"to": "Bo", "x": 2, "message": "Hi"}, "assert": [A, B]},
        {"id": "to-cy", "description": "To Cy", "vars": {"to": "Cy", "message": "Hi", "x": 2}, "assert": [B]},
    ]
    assert sorted((note.file, note.line, note.path) for note in intake.left) == [
        ("data.yaml", 2, "0.assert.0"),
        ("more.yaml", 1, "config"),
    ]


def test_variables_come_from_files(tmp_path: Path) -> None:
    listed = [
        {"vars": "file://a.yaml", "assert": [A]},
        {"vars": ["a.yaml", "b.json"], "assert": [A]},
        {"vars": "*.yaml", "assert": [A]},
        {"vars": {"message": "file://said.txt"}, "assert": [A]},
        {"vars": {"message": "file://sai*.txt", "n": [1, 2]}, "assert": [A]},
    ]
    files = {"a__yaml": "message: Hi\nn: 1\n", "b__json": '{"n": 2}', "said__txt": "Said.\n"}
    assert [case["vars"] for case in cases(taken(tmp_path, {"tests": listed}, **files))] == [
        *({"message": "Hi", "n": 1}, {"message": "Hi", "n": 2}, {"message": "Hi", "n": 1}, {"message": "Said."}),
        *({"message": "Said.", "n": 1}, {"message": "Said.", "n": 2}),
    ]


@pytest.mark.parametrize("given", ["file://absent.yaml", "../outside.yaml", "list.yaml", ["x.py"], 3, [1]])
def test_variables_that_cannot_be_read_are_told(given: Any, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("message: stolen\n")
    home = tmp_path / "home"
    home.mkdir()
    intake = taken(home, {"tests": [{"vars": given, "assert": [A]}, asks(B)]}, list__yaml="- a\n", x__py="x = 1\n")
    assert [case["assert"] for case in cases(intake)] == [[B]]
    assert intake.left[0].path == "tests.0.vars"
    assert "stolen" not in str(intake.drafts)


def test_a_default_that_speaks_of_variables_is_filled_in_by_every_test(tmp_path: Path) -> None:
    default = {"vars": {"to": "Bo"}, "assert": [A, {"type": "contains", "value": "{{to}}"}]}
    listed = [asks(), {"vars": {"message": "Ho", "to": "Cy"}}]
    intake = taken(tmp_path, {"defaultTest": default, "tests": listed})
    (suite,) = intake.drafts
    assert suite.data["defaultTest"] == {"assert": [A]}
    assert [case["assert"][0]["value"] for case in cases(intake)] == ["Bo", "Cy"]


def test_a_default_may_stand_in_a_file(tmp_path: Path) -> None:
    text = json.dumps({"assert": [A], "threshold": 0.5})
    (suite,) = taken(tmp_path, {"defaultTest": "file://d.json", "tests": [asks()]}, d__json=text).drafts
    assert suite.data["defaultTest"] == {"assert": [A], "threshold": 0.5}


def test_templates_of_assertions_are_put_in(tmp_path: Path) -> None:
    config = {"assertionTemplates": {"a": A}, "tests": [asks({"$ref": "#/assertionTemplates/a"})]}
    assert cases(taken(tmp_path, config))[0]["assert"] == [A]


@pytest.mark.parametrize(
    "asserted",
    [[], [{"type": "javascript", "value": "1"}], [{"type": "latency", "threshold": 5}], [{**A, "weight": 0}]],
    ids=str,
)
def test_a_test_that_would_always_pass_is_left_out(asserted: list[Any], tmp_path: Path) -> None:
    intake = taken(tmp_path, {"tests": [asks(*asserted), asks(A)]})
    assert [case["assert"] for case in cases(intake)] == [[A]]
    assert "is left out" in intake.left[-1].text
    assert intake.left[-1].path == "tests.0"


def test_a_test_that_keeps_only_what_all_assert_is_left_out_when_it_asserted_more(tmp_path: Path) -> None:
    config = {
        "defaultTest": {"assert": [A]},
        "tests": [asks({"type": "javascript", "value": "1"}), asks(vars={"message": "Ho"})],
    }
    assert [case["id"] for case in cases(taken(tmp_path, config))] == ["ho"]


@pytest.mark.parametrize(("message", "ours"), [("", None), (None, None), ({"a": 1}, None), (True, None), (7, "7")])
def test_a_message_is_text(message: Any, ours: str | None, tmp_path: Path) -> None:
    intake = taken(tmp_path, {"tests": [asks(A, vars={"message": message})]})
    assert [case["vars"]["message"] for case in cases(intake)] == ([ours] if ours else [])
    assert bool(intake.left) is (ours is None)


@pytest.mark.parametrize(("threshold", "ours"), [(0.5, 0.5), (None, None), (5, None), ("high", None), (True, None)])
def test_a_threshold_is_a_share(threshold: Any, ours: float | None, tmp_path: Path) -> None:
    intake = taken(tmp_path, {"tests": [asks(A, threshold=threshold)]})
    assert cases(intake)[0].get("threshold") == ours
    assert [note.path for note in intake.left] == ([] if ours or threshold is None else ["tests.0.threshold"])


def test_a_threshold_of_nothing_is_told(tmp_path: Path) -> None:
    assert "passes whatever is answered" in str(taken(tmp_path, {"tests": [asks(A, threshold=0)]}).chosen)


def test_variables_may_name_each_other(tmp_path: Path) -> None:
    variables = {"message": "Where is {{order.id}} of {{ name }}?", "order": {"id": "A-1"}, "name": ["Bo", "Cy"]}
    variables["x"] = "{{ y | f }}"
    found = taken(tmp_path, {"tests": [asks(A, vars=variables)]})
    assert [case["vars"]["message"] for case in cases(found)] == ["Where is A-1 of Bo?", "Where is A-1 of Cy?"]
    assert "tests.0.vars.x" in [note.path for note in found.chosen]


def test_options_of_a_test_are_told_one_by_one(tmp_path: Path) -> None:
    options = {"transform": "output.trim()", "prefix": "Say: ", "disableDefaultAsserts": True, "new": 1}
    found = taken(tmp_path, {"tests": [asks(A, options=options)]})
    assert [note.path for note in found.left] == [f"tests.0.options.{name}" for name in options]
