"""What becomes of what was said."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mooring.chat.answer import Stage
from mooring.chat.codes import Code
from mooring.chat.command import Command
from mooring.errors import Failed
from mooring.outcome import Reason
from tests.chat.conftest import Room, finished


def test_a_look_is_queued_and_then_done_and_recorded(room: Room) -> None:
    heard = room.say("/agent status")
    assert heard.answer is not None
    assert (heard.answer.stage, heard.answer.title) == (Stage.QUEUED, "/agent status: queued")
    answer = finished(heard)
    assert (answer.stage, answer.title, answer.who) == (Stage.DONE, "local is well, ann", "ann")
    [entry] = room.ledger()
    assert {name: entry[name] for name in ("person", "platform", "caller", "text", "decision", "changes")} == {
        "person": "ann",
        "platform": "slack",
        "caller": "U1",
        "text": "/agent status",
        "decision": "done",
        "changes": False,
    }


def test_talk_is_neither_answered_nor_recorded(room: Room) -> None:
    for text in ("good morning", "/shrug", " /agent status", "see /deploy rollback"):
        heard = room.say(text)
        assert (heard.answer, heard.work) == (None, None)
    assert room.ledger() == []


def test_what_is_delivered_twice_is_heard_once(room: Room) -> None:
    first = room.say("/deploy lock 30", event="same")
    again = room.say("/deploy lock 30", event="same")
    assert first.work is not None
    assert (again.answer, again.work) == (None, None)
    assert room.say("/deploy lock 30", event="same", platform="discord", by="77").work is not None


def test_a_change_is_shown_asked_about_and_then_made_once(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    assert (asked.stage, asked.title, room.change.number) == (Stage.ASKS, "0 -> 1", 0)
    assert [button.label for button in asked.buttons] == ["Confirm", "Cancel"]
    heard = room.press(asked)
    assert heard.answer is not None
    assert heard.answer.stage is Stage.RUNNING
    done = finished(heard)
    assert (done.stage, done.title, done.who, room.change.number) == (Stage.DONE, "now 1", "ann", 1)
    late = room.press(asked)
    assert late.answer is not None
    assert (late.answer.stage, late.answer.code, late.work) == (Stage.REFUSED, Code.ANSWERED, None)
    assert late.answer.title == "ann was first: confirmed."
    assert room.change.number == 1
    assert room.decisions() == [
        ("ann", "asked", ""),
        ("ann", "started", ""),
        ("ann", "done", ""),
        ("ann", "refused", "answered"),
    ]


def test_another_person_cannot_confirm_and_the_question_stays(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    other = room.press(asked, by="U2")
    assert other.answer is not None
    assert (other.answer.code, other.aside) == (Code.NOT_YOURS, True)
    assert finished(room.press(asked)).stage is Stage.DONE


def test_somebody_without_the_right_cannot_even_press(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    for stranger in ("U3", "U999"):
        heard = room.press(asked, by=stranger)
        assert heard.answer is not None
        assert heard.aside
        assert heard.answer.code in (Code.FORBIDDEN, Code.UNKNOWN_PERSON)
    assert room.change.number == 0


def test_a_question_is_over_after_its_time(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    room.time.now += 60.5
    heard = room.press(asked)
    assert heard.answer is not None
    assert (heard.answer.code, heard.aside, heard.work) == (Code.EXPIRED, False, None)
    assert room.change.number == 0


def test_a_question_can_be_cancelled_and_not_confirmed_after_that(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    no = room.press(asked, 1)
    assert no.answer is not None
    assert (no.answer.title, no.answer.code) == ("Cancelled by ann; nothing was done.", Code.CANCELLED)
    yes = room.press(asked)
    assert yes.answer is not None
    assert (yes.answer.code, room.change.number) == (Code.ANSWERED, 0)
    assert ("ann", "cancelled", "cancelled") in room.decisions()


def test_what_changed_since_the_question_is_not_done(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    room.change.number = 7
    answer = finished(room.press(asked))
    assert (answer.stage, answer.code, room.change.number) == (Stage.REFUSED, Code.OUTDATED, 7)
    assert room.decisions()[-1] == ("ann", "refused", "outdated")


def test_four_eyes_are_two_people_of_the_document(room: Room, rules) -> None:
    room.documents["local"] = rules(confirm={"deploy lock": "other"})
    asked = finished(room.say("/deploy lock 30"))
    own = room.press(asked)
    assert own.answer is not None
    assert (own.answer.code, own.aside) == (Code.NEEDS_ANOTHER, True)
    second_account = room.say("/agent status", by="boss", platform="github")
    assert second_account.answer is None  # GitHub is asked first
    unnamed = finished(room.press(asked, by="boss", platform="github"))
    assert unnamed.code == Code.NEEDS_ANOTHER
    done = finished(room.press(asked, by="77", platform="discord"))
    assert (done.who, room.change.done_by) == ("ann + bob", ["ann"])
    assert [(each["person"], each["by"]) for each in room.ledger() if each["decision"] == "done"][-1] == ("ann", "bob")


def test_four_eyes_do_not_help_whoever_lost_the_right_meanwhile(room: Room, rules) -> None:
    room.documents["local"] = rules(confirm={"deploy *": "other"})
    asked = finished(room.say("/deploy lock 30"))
    people = [{"name": "ann", "slack": "U1"}, {"name": "bob", "slack": "U2", "roles": ["operator"]}]
    room.documents["local"] = rules(confirm={"deploy *": "other"}, people=people, onCall=[])
    answer = room.press(asked, by="U2").answer
    assert answer is not None
    assert (answer.code, room.change.number) == (Code.FORBIDDEN, 0)


def test_where_the_document_asks_nobody_it_is_done_at_once(room: Room, rules) -> None:
    room.documents["local"] = rules(confirm={"*": "other", "deploy lock": "none"})
    assert finished(room.say("/deploy lock 30")).stage is Stage.DONE
    assert finished(room.say("/agent status")).stage is Stage.DONE


def test_a_rollback_is_open_to_whoever_is_on_call_and_needs_nobody_else(room: Room, rules) -> None:
    room.documents["local"] = rules(confirm={"*": "other"}, perMinute=1)
    refused = room.say("/agent restart support", by="U4").answer
    assert refused is not None
    assert refused.code == Code.FORBIDDEN
    for number in (1, 2, 3):
        asked = finished(room.say("/deploy rollback", by="U4"))
        assert finished(room.press(asked, by="U4")).title == f"now {number}"


def test_nobody_says_more_than_the_document_lets_them_in_a_minute(room: Room, rules) -> None:
    room.documents["local"] = rules(perMinute=2)
    assert [finished(room.say("/agent status")).stage for _ in range(2)] == [Stage.DONE] * 2
    answer = finished(room.say("/agent status"))
    assert answer.code == Code.RATE_LIMITED
    assert finished(room.say("/agent status", by="U2")).stage is Stage.DONE
    room.time.now += 61
    assert finished(room.say("/agent status")).stage is Stage.DONE


@pytest.mark.parametrize(
    ("by", "platform", "code"),
    [
        ("U9", "slack", Code.UNKNOWN_PERSON),
        ("ann", "slack", Code.UNKNOWN_PERSON),  # a name is no identity
        ("u1", "slack", Code.UNKNOWN_PERSON),
        ("U1", "discord", Code.UNKNOWN_PERSON),
        ("U3", "slack", Code.FORBIDDEN),
        ("guest", "github", Code.UNKNOWN_PERSON),
        ("nobody", "github", Code.UNKNOWN_PERSON),
        ("offline", "github", Code.UNKNOWN_PERMISSION),
    ],
)
def test_who_has_no_right_is_refused_with_the_reason_and_recorded(
    room: Room, by: str, platform: str, code: Code
) -> None:
    answer = finished(room.say("/deploy rollback", by=by, platform=platform))
    assert (answer.stage, answer.code, room.change.number) == (Stage.REFUSED, code, 0)
    [entry] = room.ledger()
    assert (entry["decision"], entry["code"], entry["caller"], entry["platform"]) == ("refused", code, by, platform)


def test_a_login_in_any_case_of_letters_and_one_with_a_permission_may_speak(room: Room) -> None:
    assert finished(room.say("/agent status", by="ANN-login", platform="github")).who == "ann"
    heard = room.say("/agent status", by="Boss", platform="github")
    assert heard.answer is None
    assert finished(heard).code == Code.UNKNOWN_PERSON  # GitHub was asked about another spelling, and knows it not
    assert finished(room.say("/agent status", by="boss", platform="github")).who == "boss@github"


def test_another_environment_is_judged_by_its_own_document(room: Room) -> None:
    answer = finished(room.say("/agent status in production"))
    assert answer.code == Code.FORBIDDEN
    assert room.decisions() == []
    assert room.decisions("production") == [("ann", "refused", "forbidden")]
    nowhere = finished(room.say("/agent status in nowhere"))
    assert nowhere.code == Code.UNKNOWN_ENVIRONMENT
    assert room.decisions() == [("ann", "refused", "unknown-environment")]


def test_a_permission_counts_in_the_repository_of_the_door_alone(room: Room, rules) -> None:
    other = {"repository": "acme/other", "webhookSecret": "env:W", "token": "env:T", "roles": {"admin": "operator"}}
    room.documents["production"] = rules(github=other)
    assert finished(room.say("/agent status in production", by="boss", platform="github")).code == Code.UNKNOWN_PERSON


def test_without_a_document_nobody_is_known(room: Room) -> None:
    room.documents["local"] = None  # type: ignore[assignment]
    assert finished(room.say("/deploy rollback")).code == Code.NO_DOCUMENT


def test_a_word_and_a_code_take_the_place_of_buttons(room: Room) -> None:
    asked = finished(room.say("/部署 锁定 30", by="Ann-Login", platform="github", channel="issues/7"))
    words = [value for label, value in asked.facts if label == "或者回复"]
    assert [word.split(" ")[0] for word in words] == ["/确认", "/取消"]
    for wrong in ({"channel": "issues/8"}, {"by": "U2", "platform": "slack", "channel": "issues/7"}):
        given = {"by": "Ann-Login", "platform": "github", **wrong}
        answer = finished(room.say(words[0], **given))
        assert (answer.code, room.change.number) == (Code.UNKNOWN_QUESTION, 0)
    done = finished(room.say(words[0], by="Ann-Login", platform="github", channel="issues/7"))
    assert (done.stage, room.change.number) == (Stage.DONE, 1)


def test_what_fails_is_answered_with_its_reason_and_what_to_do(room: Room) -> None:
    room.change.error = Failed(Reason.NOT_RUNNING, "nothing runs", "start it")
    answer = finished(room.press(finished(room.say("/deploy lock 30"))))
    assert (answer.stage, answer.code, answer.facts) == (Stage.FAILED, "not-running", (("What to do", "start it"),))
    assert room.decisions()[-1] == ("ann", "failed", "not-running")
    room.change.error = RuntimeError("secret detail")
    answer = finished(room.press(finished(room.say("/deploy lock 30"))))
    assert (answer.code, "secret" in answer.title) == ("crash", False)
    assert room.decisions()[-1] == ("ann", "failed", "crash")


def test_a_command_of_the_grammar_that_this_door_has_not_is_refused(room: Room) -> None:
    assert finished(room.say("/drift")).code == Code.UNAVAILABLE


def test_help_shows_the_rights_of_whoever_asks(room: Room) -> None:
    own = finished(room.say("/help", by="U3"))
    assert [row[0] for row in own.table[1:]] == ["/agent status", "/help"]
    on_call = finished(room.say("/帮助 环境 local", by="U4"))
    assert [row[0] for row in on_call.table] == ["命令", "/部署 回滚", "/帮助"]
    assert finished(room.say("/help", by="U9")).code == Code.UNKNOWN_PERSON


def test_an_offered_button_says_its_command_for_whoever_presses_it(room: Room) -> None:
    token = room.desk.offer(Command("deploy lock", {"minutes": "30"}), room.time.now + 3600, "digest-0")
    refused = room.click(token, by="U3").answer
    assert refused is not None
    assert refused.code == Code.FORBIDDEN
    assert finished(room.click(token, by="U2")).title == "now 1"
    assert finished(room.click(token)).code == Code.OUTDATED
    room.time.now += 3601
    assert finished(room.click(token)).code == Code.UNKNOWN_QUESTION


def test_a_token_that_nobody_gave_out_is_refused(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    token = asked.buttons[0].token.partition(".")[2]
    for forged in ("yes.nothing", "", "no", token, f"say.{token}", f"maybe.{token}"):
        room.time.now += 60.5
        answer = finished(room.click(forged))
        assert (answer.code, room.change.number) == (Code.UNKNOWN_QUESTION, 0)


def test_of_many_presses_at_once_one_counts(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30"))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: finished(room.press(asked, event=f"P{number}")), range(8)))
    assert sorted(answer.stage for answer in answers) == [Stage.DONE] + [Stage.REFUSED] * 7
    assert {answer.code for answer in answers if answer.stage is Stage.REFUSED} <= {Code.ANSWERED}
    assert room.change.number == 1


def test_what_was_written_down_is_answered_even_when_the_rest_fails(room: Room, monkeypatch) -> None:
    asked = finished(room.say("/deploy lock 30"))

    def fail(*_: object) -> None:
        raise Failed(Reason.STORAGE, "the disk is full", "make room")

    monkeypatch.setattr(room.store, "decide", fail)
    heard = room.press(asked)
    assert heard.answer is not None
    assert (heard.answer.stage, heard.answer.code, room.change.number) == (Stage.FAILED, "storage", 0)
