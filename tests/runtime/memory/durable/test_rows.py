"""Runs are kept as long as the profile says, and a slot without durable profiles knows nothing of databases."""

import json
import sqlite3
import subprocess
import sys
import time
from typing import Any

import pytest

OLD = 91 * 86400


@pytest.mark.slow
def test_runs_leave_the_database_when_they_are_too_old(fleet: Any, until: Any) -> None:
    blue = fleet.slot("blue")
    old, young = blue.start("old"), blue.start("young")
    for run in (old, young):
        blue.ended(run)
    blue.terminate()
    until(lambda: blue.dead)
    with sqlite3.connect(fleet.state / "state.db") as database:
        long_ago = time.time() - OLD
        database.execute("update parts set updated = ? where run = ?", (long_ago, old))
    green = fleet.slot("green")
    until(lambda: green.http.get(f"/runs/{old}").status_code == 404)
    assert green.run(young)["status"] == "done"
    with sqlite3.connect(fleet.state / "state.db") as database:
        assert database.execute("select run from parts").fetchall() == [(young,)]
        assert database.execute("select count(*) from steps").fetchone() == (0,)


@pytest.mark.slow
def test_both_slots_tell_the_same_of_a_run(fleet: Any) -> None:
    blue, green = fleet.slot("blue"), fleet.slot("green")
    run = blue.http.post("/agents/support/runs?wait=true", json={"message": "same"}).json()
    assert run["status"] == "done"
    assert green.run(run["id"]) == blue.run(run["id"]) == run


@pytest.mark.slow
def test_a_run_under_way_shows_what_it_did_in_both_slots(fleet: Any, provider: Any, until: Any) -> None:
    blue, green = fleet.slot("blue"), fleet.slot("green")
    provider.stages = [[1], [2]]
    run = blue.start("under way")
    provider.delay = 0.6
    until(lambda: len(green.run(run).get("tool_calls", [])) == 1)
    seen = green.run(run)
    assert (seen["status"], seen["answer"], seen["tool_calls"][0]["outcome"]) == ("running", None, "done")


def test_a_missing_database_secret_keeps_a_slot_from_being_ready(fleet: Any, make_release: Any) -> None:
    state = fleet.slot(release=make_release(True)).ready()
    assert not state["ready"]
    assert "environment variable RUNS_URL is not set" in json.dumps(state)


@pytest.mark.slow
def test_a_slot_without_durable_profiles_imports_no_driver() -> None:
    code = (
        "import asyncio, sys, tempfile, pathlib\n"
        "from tests.runtime.sample import sample\n"
        "from mooring.runtime.door.app import create_app\n"
        "from mooring.runtime.core.settings import Settings\n"
        "async def main():\n"
        "    folder = pathlib.Path(tempfile.mkdtemp())\n"
        "    runtime = create_app(sample(), Settings('blue', folder, 'http://127.0.0.1:9', {})).state.runtime\n"
        "    await runtime.start()\n"
        "    assert runtime.ready()[0], runtime.ready()\n"
        "    await runtime.close()\n"
        "asyncio.run(main())\n"
        "assert 'psycopg' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "scripts:."}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
