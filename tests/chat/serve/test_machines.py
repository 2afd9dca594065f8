"""Doors of two machines on one database: what one of them does is not done by the other, as long as it is there."""

import time

import pytest

from mooring.chat.said import Caller, Place, Said
from mooring.chat.store import Store
from mooring.operate.records import Records
from mooring.state.records import machines
from mooring.state.records.machines import Machine
from tests.chat.serve.conftest import House


@pytest.mark.parametrize("there", [True, False])
def test_what_another_door_heard_is_left_to_it_while_its_machine_is_there(house: House, there: bool) -> None:
    records = Records(house.root, house.root / ".mooring" / "local", "local", {})
    ledger = records.ledger()
    assert ledger
    if there:
        ledger.write(lambda statements: machines.beat(statements, Machine("1", "one", "/state")))
    said = Said("E1", Caller("slack", "U1"), Place("slack", "C1"), "/agent status")
    one, two = (Store(records, time.time, who) for who in ("one /state", "two /state"))
    assert one.hear(said)
    assert not two.hear(said)
    assert [event.event for event in one.left()] == ["E1"]
    assert [event.event for event in two.left()] == ([] if there else ["E1"])
    records.close()
