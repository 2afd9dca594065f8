"""What is merged goes to staging, then to production; what is reverted is a flip; a rollback ends in git."""

import re
from collections.abc import Iterator

import pytest

from mooring.operate.repository.proposal import CHECKS
from tests.workflows.act import Run
from tests.workflows.hub import ENVIRONMENTS, Hub, change_tone, live

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WAY = [f"{environment}/{job}" for environment in ENVIRONMENTS for job in ("plan", "deploy")]


@pytest.fixture
def running(here: Hub) -> Iterator[Hub]:
    """With nothing running yet, and nothing left running."""
    yield here
    here.down()


def deployed(hub: Hub) -> Run:
    run = hub.on_main("deploy", "push")
    assert run.passed, run.printed
    assert list(run.jobs) == WAY
    return run


def planned(run: Run, environment: str) -> str:
    found = re.search(r"digest=(sha256:\w+)", run.of(f"{environment}/plan"))
    assert found, run.printed
    return found[1]


def merged(hub: Hub, branch: str) -> int:
    number = hub.open(branch)
    hub.merge(number)
    return number


def test_a_merge_goes_out_a_revert_is_a_flip_and_a_rollback_opens_the_revert(running: Hub) -> None:
    hub = running
    deployed(hub)
    first = {environment: live(hub, environment) for environment in ENVIRONMENTS}

    change_tone(hub, "Be kind.")
    merged(hub, "kinder")
    run = deployed(hub)
    second = {environment: live(hub, environment) for environment in ENVIRONMENTS}
    assert all(first[environment] != second[environment] for environment in ENVIRONMENTS)
    for environment in ENVIRONMENTS:
        assert "4 cases: 4 pass as before" in run.of(f"{environment}/plan")
        assert "0 of 0 requests lost" in run.of(f"{environment}/deploy")

    hub.clone.git("checkout", "-q", "--detach", "origin/main")
    hub.clone.git("revert", "--no-edit", "-m", "1", "HEAD")
    merged(hub, "as-before")
    run = deployed(hub)
    assert {environment: live(hub, environment) for environment in ENVIRONMENTS} == first
    for environment in ENVIRONMENTS:
        assert "was live" in run.of(f"{environment}/plan")
        assert "ready after" not in run.of(f"{environment}/deploy")

    back = hub.on_main("rollback", "workflow_dispatch", inputs={"environment": "staging", "digest": ""})
    assert back.passed, back.printed
    assert live(hub, "staging") == second["staging"]
    (pull,) = (pull for pull in hub.api.pulls if pull["state"] == "open")
    assert pull["title"].startswith("Revert staging to the release of ")
    assert "Mooring-Refused: " + first["staging"] in pull["body"]
    assert hub.head(pull["head"]["ref"])
    assert hub.api.dispatched == [(check, {"ref": pull["head"]["ref"]}) for check in CHECKS]
