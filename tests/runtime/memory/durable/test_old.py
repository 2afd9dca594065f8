"""A slot goes on with what processes of an earlier version left, in the folder that they left it in."""

import sqlite3
import time
from typing import Any

import pytest

from tests.state.test_old_runs import HOME, OLD


@pytest.mark.slow
def test_runs_of_an_earlier_version_go_on(fleet: Any, make_release: Any, provider: Any) -> None:
    release, approval = make_release(), make_release(approval="human")
    script = (OLD / "sqlite.sql").read_text()
    # The try under a ticket that is due later: an hour from now, not from when the old code ran.
    script = script.replace("1795983581757", str(int(time.time() + 3600) * 1000))
    for placeholder, known in (("1", release), ("2", approval), ("3", release)):
        script = script.replace(f"sha256:{placeholder * 64}", known.digest)
        fleet.releases.put(known)
    (fleet.state / "executors").mkdir()
    (fleet.state / "executors/.home").write_text(HOME["sqlite"])
    [executor] = {line for line in script.split("'") if line.startswith("blue-") and "-15240-" in line}
    (fleet.state / "executors" / executor).touch()
    with sqlite3.connect(fleet.state / "durable.db") as database:
        database.executescript(script)
    database.close()
    slot = fleet.slot("green")
    pending = slot.ended("run_pending")
    assert (pending["status"], pending["resumed"], pending["slot"]) == ("done", 2, "green")
    assert pending["answer"] == "old pending: all is done"
    assert 0 not in provider.asked("old pending")
    assert slot.run("run_done")["answer"] == "old done: all is done"
    assert slot.ended("ticket_due")["status"] == "done"
    later = slot.http.get("/tickets/ticket_ticket").json()
    assert (later["status"], later["next_try_at"] > later["created_at"] + 3000) == ("queued", True)
    assert slot.http.post("/runs/run_waiting/approve").status_code == 202
    assert slot.ended("run_waiting")["status"] == "awaiting-approval"
    assert slot.run("run_cancelled")["error"]["code"] == "run_cancelled"
