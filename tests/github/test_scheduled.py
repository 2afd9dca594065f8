"""Scheduled workflows: when and where their jobs run, and what becomes of one that fails without having looked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mooring.state.records.heartbeats import JOBS
from tests.github.scheduled import WORKFLOWS, Job
from tests.operate.repository.tracker import Tracker
from tests.repository import copied, up

CRONS = {
    r"\d+,\d+,\d+,\d+ \* \* \* \*": 900,
    r"\d+,\d+ \* \* \* \*": 1800,
    r"\d+ \* \* \* \*": 3600,
    r"\d+ \d+ \* \* \*": 86400,
    r"\d+ \d+ \* \* \d": 604800,
}


@pytest.fixture
def host() -> Iterator[Tracker]:
    with Tracker().serving() as server:
        yield server


@pytest.fixture
def job(request: pytest.FixtureRequest, tmp_path: Path, host: Tracker) -> Job:
    return Job(request.param, copied(tmp_path).root, host)


OF_THE_REPOSITORY = {"locks"}
"""Scheduled workflows that run for no environment, where no heartbeat could be written; `moor doctor` looks at them."""


@pytest.mark.parametrize("name", JOBS)
def test_a_schedule_is_as_often_as_its_job_is_expected(name: str) -> None:
    (schedule,) = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())[True]["schedule"]
    assert [seconds for form, seconds in CRONS.items() if re.fullmatch(form, schedule["cron"])] == [JOBS[name]]


def test_every_scheduled_workflow_is_a_job_that_is_expected() -> None:
    found = {path.stem for path in WORKFLOWS.glob("*.yml") if "schedule" in yaml.safe_load(path.read_text())[True]}
    assert found - OF_THE_REPOSITORY == set(JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_a_scheduled_job_runs_on_its_environments_machine_once_at_a_time_and_ends(name: str) -> None:
    (job,) = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())["jobs"].values()
    assert job["runs-on"] == ["self-hosted", "${{ matrix.environment }}"]
    assert job["concurrency"] == {"group": f"{name}-${{{{ matrix.environment }}}}", "cancel-in-progress": False}
    assert job["timeout-minutes"] * 60 <= JOBS[name]
    runs = [step["run"] for step in job["steps"] if "run" in step]
    verbs = [run.split()[1] for run in runs if run.startswith("./scripts/moor ")]
    assert (len(verbs), verbs[-1]) == (len(runs), "track")
    assert verbs[1:-1] == (["revert"] if name == "drift" else []), "what was taken back is told to git by one job"


@pytest.mark.slow
@pytest.mark.parametrize("job", ["drift"], indirect=True)
def test_a_job_that_did_not_run_or_crashed_is_told_of_too(job: Job, host: Tracker) -> None:
    assert not job.run(setup=False)
    (issue,) = host.open
    assert "did not run" in issue["body"]
    job.says("Traceback (most recent call last):\n", 3)
    assert job.run()
    assert "Traceback" in issue["body"]
    assert len(host.issues) == 1


@pytest.mark.slow
@pytest.mark.parametrize("job", ["drift"], indirect=True)
def test_without_the_host_the_job_is_done_and_is_red(job: Job, host: Tracker) -> None:
    job.says("healed it\n", 0)
    host.trouble = [403] * 9  # for every step that asks
    assert not job.run()
    assert job.printed[0] == "healed it\n"
    assert "issues: write" in job.printed[-1]
    assert host.issues == []


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_drift_of_an_environment_that_is_down_is_an_issue_until_it_is_up(tmp_path: Path, host: Tracker) -> None:
    repo = copied(tmp_path)
    job = Job("drift", repo.root, host)
    assert job.run()
    (issue,) = host.open
    with up(repo):
        assert job.run(), job.printed
        assert host.open == [], issue["body"]
    assert len(host.issues) == 1
