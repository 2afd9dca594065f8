"""Each scheduled workflow has one issue for what it finds, opened by it, and closed by it once that is well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import COPIES
from tests.workflows.act import Run
from tests.workflows.hub import Hub, moor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
STAGING = ("--matrix", "environment:staging")
JOBS = ("drift", "export-state", "verify-backup", "behaviour", "patrol", "live-drills")


@pytest.fixture
def exporting(here: Hub) -> Iterator[Hub]:
    """Staging copies its state to a folder, is patrolled for what runs here, and does one live drill."""
    root = here.clone.root
    staging = root / "configs/environments/staging.yaml"
    staging.write_text(f"{staging.read_text()}export: copies\n")
    (root / "configs/operations/copies.yaml").write_text(COPIES.format(url=(here.folder / "copies").as_uri()))
    patrol = root / "configs/operations/patrol.yaml"
    head, _, _ = patrol.read_text().partition("checks:")
    patrol.write_text(f"{head}checks:\n  - {{kind: http, name: door, path: /readyz}}\nkeepDays: 30\n")
    drills = root / ".github/workflows/live-drills.yml"
    drills.write_text(drills.read_text().replace("--live all", "--live restore"))
    moor(here.clone, "schema", "--write")
    here.committed("staging")
    here.push("main")
    yield here
    here.down()


def scheduled(hub: Hub, workflow: str) -> Run:
    """A run for staging, which is green whatever the job found, for the issue says that."""
    run = hub.on_main(workflow, "schedule", *STAGING, schedule="7 * * * *")
    assert run.passed, run.printed
    return run


def cancelled(hub: Hub, job: str) -> None:
    """Leaves the issue of a run that somebody cancelled; drills that do not hold take minutes."""
    track = ("track", job, "staging", "--outcome", "cancelled")
    moor(hub.clone, *track, MOORING_STATE=str(hub.folder / "state"), **hub.api.environ)


def test_what_is_wrong_is_an_issue_each_until_it_is_well(exporting: Hub) -> None:
    hub = exporting
    copies = hub.folder / "copies"
    copies.write_text("no folder")
    cancelled(hub, "live-drills")
    for job in JOBS[:-1]:
        scheduled(hub, job)
    titles = [issue["title"] for issue in hub.api.issues]
    assert sorted(titles) == sorted(f"{job}: staging" for job in JOBS)
    assert {issue["state"] for issue in hub.api.issues} == {"open"}
    scheduled(hub, "drift")
    assert [issue["title"] for issue in hub.api.issues] == titles

    copies.unlink()
    assert hub.on_main("deploy", "push", "-j", "staging").passed
    assert hub.on_main("objectives", "push", *STAGING).passed
    scheduled(hub, "patrol")  # which has to see it well twice
    for job in JOBS:
        scheduled(hub, job)
    assert {issue["state"] for issue in hub.api.issues} == {"closed"}, hub.api.issues
    assert list(Path(hub.folder, "state-objectives/staging").iterdir())
