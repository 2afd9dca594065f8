"""What is merged goes to staging, then to production; what is reverted is a flip; a rollback ends in git."""

import re
from collections.abc import Iterator

import pytest

from mooring.operate.repository.reverting import CHECKS
from tests.workflows.act import Run
from tests.workflows.hub import ENVIRONMENTS, Hub, change_tone, live, plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
STAGING = ("-j", "staging")
WAY = [f"{environment}/{job}" for environment in ENVIRONMENTS for job in ("plan", "deploy")]


@pytest.fixture
def running(here: Hub) -> Iterator[Hub]:
    """With nothing running yet, and nothing left running."""
    yield here
    here.down()


def deployed(hub: Hub, *options: str) -> Run:
    run = hub.on_main("deploy", "push", *options)
    assert run.passed, run.printed
    return run


def planned(run: Run, environment: str) -> str:
    found = re.search(r"digest=(sha256:\w+)", run.of(f"{environment}/plan"))
    assert found, run.printed
    return found[1]


def merged(hub: Hub, branch: str) -> None:
    """Opens a pull request, has its plans commented, and merges it."""
    number = hub.open(branch)
    reviewed(hub, number)
    hub.merge(number)


def reviewed(hub: Hub, number: int) -> None:
    run = hub.on_pull_request("validate", number)
    assert run.passed, run.printed
    assert hub.on_completed(run, number).passed


def test_a_merge_goes_out_a_revert_is_a_flip_and_a_rollback_opens_the_revert(running: Hub) -> None:
    hub = running
    assert list(deployed(hub).jobs) == WAY
    first = live(hub, "staging")
    assert live(hub, "production") != first

    change_tone(hub, "Be kind.")
    merged(hub, "kinder")
    run = deployed(hub, *STAGING)
    second = live(hub, "staging")
    assert second != first
    assert "4 cases: 4 pass as before" in run.of("staging/plan")
    assert "0 of 0 requests lost" in run.of("staging/deploy")

    hub.clone.git("checkout", "-q", "--detach", "origin/main")
    hub.clone.git("revert", "--no-edit", "-m", "1", "HEAD")
    merged(hub, "as-before")
    run = deployed(hub, *STAGING)
    assert live(hub, "staging") == first
    assert "4 cases" not in run.of("staging/plan")
    assert "ready after" not in run.of("staging/deploy")

    back = hub.on_main("rollback", "workflow_dispatch", inputs={"environment": "staging", "digest": ""})
    assert back.passed, back.printed
    assert live(hub, "staging") == second
    (pull,) = (pull for pull in hub.api.pulls if pull["state"] == "open")
    assert pull["title"].startswith("Revert staging to the release of ")
    assert f"`{first}` was taken back at " in pull["body"]
    assert hub.head(pull["head"]["ref"]) == pull["head"]["sha"]
    assert hub.api.dispatched == [(check, {"ref": pull["head"]["ref"]}) for check in CHECKS]


def test_neither_the_older_of_two_merges_nor_forged_evidence_goes_out(running: Hub) -> None:
    """A plan that was made for what ran before is no longer what was approved."""
    hub = running
    deployed(hub, *STAGING)
    first = live(hub, "staging")
    change_tone(hub, "Be kind.")
    older = hub.open("kinder")
    change_tone(hub, "Be kinder.")
    newer = hub.open("kindest")
    reviewed(hub, older)
    hub.merge(older)
    with hub.held(4, "deploy", lambda: hub.on_main("deploy", "push", *STAGING)) as waiting:
        hub.update(newer)
        reviewed(hub, newer)
        hub.merge(newer)
        deployed(hub, *STAGING)
        served = live(hub, "staging")
    late = waiting.result()
    assert late.jobs == {"staging/plan": "success", "staging/deploy": "failure"}, late.printed
    assert f"the reviewed plan is {planned(late, 'staging')}" in late.of("staging/deploy")
    assert live(hub, "staging") == served

    change_tone(hub, "Be kindest.")
    merged(hub, "forged")
    desired = str(plan(hub, "staging")["desired"])
    genuine, *_ = hub.folder.glob(f"state/staging/evaluations/{first.removeprefix('sha256:')}.*.json")
    forged = genuine.with_name(genuine.name.replace(first.removeprefix("sha256:"), desired.removeprefix("sha256:")))
    forged.write_bytes(genuine.read_bytes())
    refused = hub.on_main("deploy", "push", *STAGING)
    assert refused.jobs.get("staging/deploy") != "success", refused.printed
    assert refused.jobs["staging/plan"] == "failure"
    assert "evidence" in refused.of("staging/plan")
    assert live(hub, "staging") == served
