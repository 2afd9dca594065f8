"""What the ledger keeps of chat, and how much of it at most."""

import pytest

from mooring.chat.audit import FEW, MANY
from mooring.chat.codes import Code
from mooring.rollout import lease
from mooring.rollout.chatted import chain
from tests.chat.conftest import Room, finished


def test_refusals_of_one_caller_are_counted_together_after_a_few(room: Room) -> None:
    for number in range(50):
        heard = room.say("/deploy rollback", by="U9")
        assert (heard.answer is None) == (number >= FEW)
    assert len(room.ledger()) == FEW
    room.time.now += 61
    room.desk.tidy()
    last = room.ledger()[-1]
    assert (len(room.ledger()), last["times"], last["caller"], last["code"]) == (FEW + 1, 47, "U9", "unknown-person")
    assert room.say("/deploy rollback", by="U9").answer is not None


@pytest.mark.slow
def test_a_flood_of_many_callers_makes_a_bounded_number_of_entries(room: Room) -> None:
    for number in range(200):
        room.say("/deploy rollback", by=f"X{number}")
    assert len(room.ledger()) == MANY
    room.desk.close()
    found = room.ledger()
    assert len(found) <= MANY + 101
    assert sum(entry["times"] for entry in found) == 200
    assert [entry["caller"] for entry in found if entry["times"] > 1] == ["others"]


@pytest.mark.slow
def test_a_flood_holds_up_neither_a_command_nor_a_deployment(room: Room) -> None:
    book = room.records["local"].ledger()
    assert book is not None
    held = lease.acquire(book, "local", "ann", "deploy")
    for number in range(100):
        room.say("/deploy rollback", by=f"X{number}")
    assert lease.renew(book, held)
    assert finished(room.press(finished(room.say("/deploy lock 30")))).title == "now 1"
    assert book.entries(10, "local") == []
    assert book.verify() == len(book.entries(1000, chain("local")))


def test_a_line_is_kept_to_its_end_and_cut(room: Room) -> None:
    room.say(f"/agent status {'x' * 5000}\nsecond line", by="U9")
    [entry] = room.ledger()
    assert (entry["code"], len(entry["text"]), "second" in entry["text"]) == (Code.TOO_LONG, 300, False)


def test_a_change_that_cannot_be_recorded_is_not_made(room: Room, monkeypatch) -> None:
    asked = finished(room.say("/deploy lock 30"))
    heard = room.press(asked)
    room.records["local"].close()
    folder = room.records["local"].state
    (folder / "state.db").write_bytes(b"broken" * 1000)
    answer = finished(heard)
    assert (answer.code, room.change.number) == (Code.NOT_RECORDED, 0)
