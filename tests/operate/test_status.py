"""A database that hangs holds up a status once and not for each thing that is asked of it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.objectives.standing import Standings
from mooring.operate.records import Records
from mooring.operate.status import status
from mooring.rollout.ledger import Ledger
from mooring.state.engine.patient import ANSWER_SECONDS
from mooring.state.place.location import Location
from tests.postgres import Cluster


class Still:
    """A target that says at once that nothing runs."""

    def status(self) -> "Still":
        return self

    def data(self) -> dict[str, Any]:
        return {"environment": "local", "running": False, "facts": {"live": None, "slots": {}}}

    def live(self) -> None:
        return None


@pytest.fixture
def records(cluster: Cluster, tmp_path: Path) -> Iterator[Records]:
    environ = {"STATE_URL": cluster.fresh()}
    location = Location(tmp_path / "state", "local", "env:STATE_URL")
    ledger = Ledger(location, environ)
    ledger.state("local")
    location.remember()
    ledger.close()
    opened = Records(tmp_path, tmp_path / "state", "local", environ)
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True])
def test_a_database_that_hangs_holds_up_a_status_once(records: Records, cluster: Cluster, known: bool) -> None:
    stand = Standings(records)
    if known:  # connections are open, and what is asked over them is not answered
        assert status(Still(), records, stand)["warnings"] == []
    cluster.pause()
    try:
        began = time.monotonic()
        data = status(Still(), records, stand)
        took = time.monotonic() - began
    finally:
        cluster.resume()
    assert took < ANSWER_SECONDS, "that is how long one question may take of whoever has more patience"
    assert (data["running"], data["jobs"], data["patrol"], data["deployments"]) == (False, [], None, None)
    assert len(data["warnings"]) == 1
    assert "database" in data["warnings"][0]
    again = status(Still(), records, stand)
    assert (again["warnings"], again["deployments"]) == ([], [])
