"""A door that ends and the next one: nothing is lost, nothing is done twice."""

from contextlib import suppress

from mooring.chat.answer import Stage
from mooring.chat.codes import Code
from mooring.chat.platforms.platform import Posted
from tests.chat.conftest import Room, finished


def test_a_question_waits_for_the_next_door(room: Room, reopened) -> None:
    asked = finished(room.say("/deploy lock 30"))
    after = reopened()
    assert finished(after.press(asked)).title == "now 1"


def test_what_was_heard_and_not_begun_is_done_by_the_next_door(room: Room, reopened) -> None:
    room.say("/agent status")
    asked = finished(room.say("/deploy lock 30"))
    confirmed = room.press(asked)
    assert confirmed.work is not None  # and nobody runs it
    after = reopened()
    [(_, look), (_, question), (received, change)] = after.desk.left()
    assert finished(look).stage is Stage.DONE
    assert (question.answer, question.work) == (asked, None)  # it is shown, if it was not
    answer = finished(change)
    assert (answer.stage, answer.title, after.change.number) == (Stage.DONE, "now 1", 1)
    after.store.show(received, answer, Posted({"ts": "1"}))
    assert [left.event for left, _ in after.desk.left()] == ["E1", "E2"]


def test_a_change_that_had_begun_is_not_done_again(room: Room, reopened) -> None:
    asked = finished(room.say("/deploy lock 30"))
    heard = room.press(asked)
    room.change.error = KeyboardInterrupt()  # the process ends in the middle of it
    with suppress(KeyboardInterrupt):
        finished(heard)
    after = reopened()
    after.change.error = None
    told = after.desk.left()[-1][1]
    assert told.work is None
    assert told.answer is not None
    assert (told.answer.stage, told.answer.code, after.change.number) == (Stage.FAILED, Code.INTERRUPTED, 0)


def test_what_was_said_too_long_ago_is_not_done_any_more(room: Room, reopened) -> None:
    room.say("/deploy lock 30")
    room.time.now += 121
    [(_, heard)] = reopened().desk.left()
    assert finished(heard).code == Code.LATE


def test_an_answer_that_was_not_shown_is_shown_by_the_next_door(room: Room, reopened) -> None:
    said = room.said("/agent status")
    answer = finished(room.desk.hear(said))
    [(received, heard)] = reopened().desk.left()
    assert (received, heard.answer, heard.work) == (said, answer, None)
    room.store.show(said, answer, None)
    assert reopened().desk.left() == []


def test_where_an_answer_is_shown_is_known_to_the_next_door(room: Room, reopened) -> None:
    said = room.said("/agent status")
    heard = room.desk.hear(said)
    assert heard.answer is not None
    room.store.show(said, heard.answer, Posted({"ts": "17"}, edits=4))
    assert reopened().store.posted(said) == Posted({"ts": "17"}, edits=4)


def test_what_is_over_for_a_week_is_forgotten(room: Room) -> None:
    asked = finished(room.say("/deploy lock 30", event="old"))
    room.desk.tidy()
    assert finished(room.press(asked)).stage is Stage.DONE
    room.time.now += 8 * 86400
    room.desk.tidy()
    assert room.desk.left() == []
    assert finished(room.press(asked)).code == Code.UNKNOWN_QUESTION
