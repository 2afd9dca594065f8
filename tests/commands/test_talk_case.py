"""What was said becomes a test of a suite: by an edit that keeps everything else, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from mooring.catalog import codeowners
from mooring.catalog.load import load, load_valid
from mooring.catalog.source import WorkTree
from mooring.commands.talking import case, transcript
from mooring.commands.talking.transcript import Call, Transcript, Turn
from mooring.errors import FindingsError, MooringError, Refused, UsageError
from mooring.spec import EvalSuite
from mooring.spec.suite import Case
from tests.repository import Repo

SUITE = "support/talked"
FILE = f"evals/suites/{SUITE}.yaml"
FOUND = Call("find_order", {"orderId": "A-1002"}, "call_1", "done", 0.1)


def turn(message: str = "Where is A-1002?", text: str = "Order A-1002 is shipped.", *calls: Call, **more: Any) -> Turn:
    return Turn(message, text, text, list(calls), **{"run": "run_1", "rung": "L0", **more})


def said(*turns: Turn, agent: str = "support") -> Transcript:
    return Transcript(Path("unused"), agent, "c-1", list(turns))


def saved(repo: Repo, *turns: Turn, suite: str = SUITE, name: str | None = None) -> Case:
    """The case as it was saved, in a repository where all is valid."""
    told = case.save(repo.root, suite, said(*turns), name)
    document = load_valid(WorkTree(repo.root)).get(EvalSuite, suite)
    assert document
    assert (told["suite"], told["file"], told["version"]) == (suite, f"evals/suites/{suite}.yaml", document.version)
    assert document.tests[-1].id == told["case"]
    return document.tests[-1]


def asserted(test: Case) -> list[tuple[str, Any]]:
    return [(assertion.type, assertion.value) for assertion in test.assertions]


@pytest.mark.slow
def test_one_question_becomes_a_message_with_its_answer(repo: Repo) -> None:
    test = saved(repo, turn("Where is A-1002?", "Order A-1002 is shipped.", FOUND))
    assert (test.id, test.vars, test.turns) == ("where-is-a-1002", {"message": "Where is A-1002?"}, ())
    assert test.answer
    assert [(call.tool, call.args) for call in test.answer.calls] == [("find_order", {"orderId": "A-1002"})]
    assert test.answer.text == "Order A-1002 is shipped."
    assert asserted(test) == [
        ("trajectory:tool-args-match", {"name": "find_order", "args": {"orderId": "A-1002"}}),
        ("contains", "A-1002"),
    ]


@pytest.mark.slow
def test_a_new_suite_has_its_head_its_owner_and_a_default_assertion(repo: Repo) -> None:
    saved(repo, turn())
    text = (repo.root / FILE).read_text()
    assert text.startswith(
        "# yaml-language-server: $schema=../../../schemas/evalsuite.schema.json\napiVersion: mooring"
    )
    document = load_valid(WorkTree(repo.root)).get(EvalSuite, SUITE)
    assert document
    assert (document.version, document.owner, document.agent) == ("1.0.0", "@tidewater/support", "support")
    assert document.default_test == {"assert": [{"type": "no-secret"}]}
    note = f"      {case.NOTE}\n      - {{type: contains, value: A-1002}}\n"
    assert text.endswith(note)


@pytest.mark.slow
def test_several_questions_become_turns_each_with_its_answer(repo: Repo) -> None:
    test = saved(repo, turn("Hello", "Hello, how can I help?"), turn("Where is A-1002?", "It is on its way.", FOUND))
    assert [one.message for one in test.turns] == ["Hello", "Where is A-1002?"]
    assert [one.answer and one.answer.text for one in test.turns] == ["Hello, how can I help?", "It is on its way."]
    assert (test.id, test.vars, test.answer) == ("hello", {}, None)
    assert asserted(test)[-1] == ("contains", "It is on its way.")


@pytest.mark.slow
def test_free_text_and_calls_that_failed_are_answered_again_and_not_asserted(repo: Repo) -> None:
    long = Call(
        "open_ticket", {"topic": "delivery", "summary": "The parcel is late, and nobody knows why."}, outcome="done"
    )
    wordy = Call("search_help", {"query": "How do I wash a down jacket without a machine?"}, outcome="done")
    failed = Call("find_order", {"orderId": "A-1"}, outcome="failed")
    test = saved(repo, turn("Hi", "Done.", failed, long, wordy))
    assert test.answer
    assert [call.tool for call in test.answer.calls] == ["find_order", "open_ticket", "search_help"]
    assert asserted(test)[:-1] == [
        ("trajectory:tool-args-match", {"name": "open_ticket", "args": {"topic": "delivery"}}),
        ("trajectory:tool-used", "search_help"),
    ]


@pytest.mark.slow
def test_what_waits_for_a_person_is_asserted_instead_of_a_text(repo: Repo) -> None:
    waits = [{"id": "call_2", "tool": "refund_order", "arguments": {"orderId": "A-1009"}}]
    test = saved(repo, turn("Refund A-1009", "Waiting for a person.", FOUND, approvals=waits))
    assert test.answer
    assert ([call.tool for call in test.answer.calls], test.answer.text) == (["find_order", "refund_order"], None)
    assert asserted(test)[-1] == ("awaits-approval", "refund_order")
    assert test.vars == {"message": "Refund A-1009"}


@pytest.mark.slow
@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_of_a_person_is_a_variable(repo: Repo, approved: bool) -> None:
    refunded = Call("refund_order", {"orderId": "A-1009"}, outcome="done" if approved else "denied")
    assert saved(repo, turn("Refund it", "R-1009", refunded, approved=approved)).vars["approve"] is approved


@pytest.mark.slow
def test_what_was_never_decided_is_no_part_of_the_conversation(repo: Repo) -> None:
    waits = [{"id": "call_2", "tool": "refund_order", "arguments": {}}]
    test = saved(repo, turn("Refund A-1009", "Waiting.", approvals=waits), turn("Thanks", "You are welcome."))
    assert (test.vars, test.turns) == ({"message": "Thanks"}, ())


@pytest.mark.slow
def test_an_apology_is_no_part_of_the_conversation(repo: Repo) -> None:
    assert saved(repo, turn("Hello", "Sorry.", rung="L4"), turn("Hello", "Hi.")).turns == ()


@pytest.mark.slow
def test_a_suite_keeps_its_comments_and_its_version_rises_once(repo: Repo) -> None:
    path = repo.root / "evals/suites/support/smoke.yaml"
    path.write_text(path.read_text().replace("tests:\n", "tests:  # ours\n") + "# the end\n")
    repo.commit("comments")
    before = path.read_text()
    saved(repo, turn(), suite="support/smoke")
    first = path.read_text()
    added = first.index("  - id: where-is-a-1002\n")
    kept = first[:added] + "# the end\n"
    assert kept == before.replace("version: 1.0.0", "version: 1.0.1")
    assert first.endswith("# the end\n")
    saved(repo, turn(), suite="support/smoke")
    ids = [test.id for test in load_valid(WorkTree(repo.root)).all(EvalSuite)["support/smoke"].tests]
    assert ids[-2:] == ["where-is-a-1002", "where-is-a-1002-2"]
    assert "version: 1.0.1\n" in path.read_text()


@pytest.mark.slow
def test_who_owns_a_new_suite_is_written_down_where_owners_are(repo: Repo) -> None:
    codeowners.write(repo.root, load(WorkTree(repo.root))[0])
    saved(repo, turn())
    assert f"/{FILE} @tidewater/support\n" in (repo.root / codeowners.FILE).read_text()
    assert codeowners.stale(repo.root, load(WorkTree(repo.root))[0]) == []


@pytest.mark.slow
def test_questions_in_any_script_have_an_id(repo: Repo) -> None:
    assert [saved(repo, turn(message, "好的。")).id for message in ("订单到哪里了？", "什么时候到？")] == [
        "talk",
        "talk-2",
    ]
    assert len(saved(repo, turn("word " * 50)).id) <= 48
    assert saved(repo, turn(), name="mine").id == "mine"


@pytest.mark.parametrize(
    ("turns", "suite", "name", "error", "words"),
    [
        ((turn(),), "incident/smoke", None, UsageError, "suite incident/smoke is of agent incident"),
        ((turn(),), "Support", None, UsageError, "is no name of a suite"),
        ((turn(),), "../../configs/x", None, UsageError, "is no name of a suite"),
        ((turn(),), SUITE, "No Id", UsageError, "is no id of a test"),
        ((turn(),), "support/smoke", "order-found", UsageError, "has a test 'order-found' already"),
        ((), SUITE, None, Refused, "nothing was said yet"),
        ((turn(rung="L4"),), SUITE, None, Refused, "no model answered"),
        ((turn(rung="L3"), turn()), SUITE, None, Refused, "no model answered"),
        ((turn(approved=True), turn(approved=False)), SUITE, None, Refused, "decided in several ways"),
        ((turn(approved=True),), "support/smoke", None, FindingsError, "findings?$"),
        ((turn("x", "y", Call("no_such_tool", {})),), SUITE, None, FindingsError, "findings?$"),
        ((turn("x", "the key is sk-" + "a1B2" * 12),), SUITE, None, FindingsError, "findings?$"),
    ],
)
def test_what_would_be_no_good_test_changes_no_file(
    repo: Repo, turns: tuple[Turn, ...], suite: str, name: str | None, error: type[MooringError], words: str
) -> None:
    with pytest.raises(error, match=words):
        case.save(repo.root, suite, said(*turns), name)
    assert repo.git("status", "--porcelain") == ""


def test_a_suite_that_is_broken_or_is_written_on_one_line_is_left_alone(repo: Repo) -> None:
    path = repo.root / "evals/suites/support/smoke.yaml"
    path.write_text(path.read_text() + "smok: true\n")
    with pytest.raises(FindingsError):
        case.check(repo.root, "support/smoke", "support")
    head, _, _ = path.read_text().partition("tests:")
    text = f"{head}tests: [{{id: one, vars: {{message: Hi}}, assert: [{{type: no-secret}}]}}]\n"
    path.write_text(text)
    with pytest.raises(Refused, match="nothing can be added to it"):
        case.save(repo.root, "support/smoke", said(turn()), None)
    assert path.read_text() == text


def test_a_link_is_not_written_through(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").write_text("")
    (repo.root / FILE).symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises((UsageError, FindingsError)):
        case.save(repo.root, SUITE, said(turn()), None)
    assert (tmp_path / "elsewhere.yaml").read_text() == ""


# The transcript


def test_a_talk_is_gone_on_with_by_agent_until_a_new_one_begins(tmp_path: Path) -> None:
    assert transcript.earlier(tmp_path, "support") is None
    first = transcript.begin(tmp_path, "support")
    first.add(turn("Where?", "Here.", FOUND))
    other = transcript.begin(tmp_path, "incident")
    other.add(turn())
    found = transcript.earlier(tmp_path, "support")
    assert found
    assert (found.name, found.turns) == (first.name, first.turns)
    second = transcript.begin(tmp_path, "support")
    second.add(turn())
    assert second.name != first.name
    assert [one.name for one in (transcript.earlier(tmp_path, "support"),) if one] == [second.name]
    again = transcript.earlier(tmp_path, "support", first.name)
    assert again
    assert again.turns == first.turns
    assert transcript.earlier(tmp_path, "incident", first.name) is None


def test_what_was_said_is_for_its_owner_alone(tmp_path: Path) -> None:
    kept = transcript.begin(tmp_path, "support")
    kept.add(turn())
    assert kept.path.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in kept.path.parent.iterdir()) == [kept.path.name]


def test_a_damaged_file_is_a_conversation_that_is_not_known(tmp_path: Path) -> None:
    kept = transcript.begin(tmp_path, "support", "mine")
    kept.add(turn())
    kept.path.write_text("{")
    assert transcript.earlier(tmp_path, "support") is None


@pytest.mark.parametrize("name", ["new", "", "a b", "../x", "x" * 65])
def test_a_name_that_the_server_would_not_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name"):
        transcript.begin(tmp_path, "support", name)
