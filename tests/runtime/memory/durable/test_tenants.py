"""What one tenant begins is its own in every slot, while it runs, when it waits and under a ticket."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.release.release import Release
from tests.runtime.door.access.conftest import with_access

KEYS = {name: f"{name}-0123456789-0123456789" for name in ("shop", "bank")}
ACCESS = {"keys": [{"name": name, "tenant": name, "secretRef": f"env:{name.upper()}"} for name in KEYS]}
ENVIRON = {name.upper(): key for name, key in KEYS.items()}


@pytest.fixture
def slot(fleet: Any, make_release: Callable[..., Release]) -> Callable[..., Any]:
    """Starts a slot that asks for keys; what it is asked by default is the shop's."""

    def start(name: str, approval: str = "none") -> Any:
        started = fleet.slot(name, release=with_access(make_release(approval=approval), ACCESS), environ=ENVIRON)
        started.http.headers["authorization"] = f"Bearer {KEYS['shop']}"
        return started

    return start


def seen_by_bank(slot: Any, path: str) -> int:
    status: int = slot.http.get(path, headers={"authorization": f"Bearer {KEYS['bank']}"}).status_code
    return status


@pytest.mark.slow
def test_a_run_under_way_is_its_tenants_in_the_other_slot_too(slot, provider, until):
    blue, green = slot("blue"), slot("green")
    provider.delay = 0.3
    run = blue.start("slow")
    until(lambda: green.http.get(f"/runs/{run}").status_code == 200, "the other slot does not know the run")
    assert green.run(run)["status"] == "running"
    assert seen_by_bank(green, f"/runs/{run}") == 404
    assert blue.ended(run)["status"] == "done"
    assert seen_by_bank(green, f"/runs/{run}") == 404


@pytest.mark.slow
def test_a_run_that_was_taken_over_is_still_its_tenants_and_so_is_what_it_costs(slot, provider, until):
    blue = slot("blue")
    provider.delay = 0.2
    run = blue.start("moved")
    until(lambda: provider.asked("moved"))
    blue.kill()
    green = slot("green")
    assert green.ended(run)["status"] == "done"
    assert seen_by_bank(green, f"/runs/{run}") == 404


def test_a_ticket_is_its_tenants(slot, provider):
    blue = slot("blue")
    provider.down = True
    ticket = blue.chat("later").headers["x-mooring-ticket"]
    assert blue.http.get(f"/tickets/{ticket}").status_code == 200
    assert seen_by_bank(blue, f"/tickets/{ticket}") == 404
    provider.down = False
