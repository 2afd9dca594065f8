"""Each scheduled job does its work on a real environment: what is wrong is one open issue, closed once it is well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.main import main
from mooring.state.records.heartbeats import Heartbeat, heartbeats
from mooring.state.transactions import Transactions
from tests.github.scheduled import Job
from tests.operate.repository.tracker import Tracker
from tests.repository import Repo, copied, surrounded, until, up
from tests.vendor import KEYS, Vendor, go_out, vendor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@dataclass
class Place:
    """Environment local, up and exported to the folder `copies`; its models are the stub's."""

    repo: Repo
    stub: Vendor
    copies: Path

    def moor(self, *arguments: str) -> int:
        with surrounded():
            return main(["-C", str(self.repo.root), "--json", *arguments])

    def beats(self) -> dict[str, Heartbeat]:
        database = Transactions(f"sqlite:///{self.repo.root / '.mooring/local/state.db'}")
        found = database.read(heartbeats)
        database.close()
        return {beat.job: beat for beat in found}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("jobs")
    with vendor() as stub, pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        repo = copied(folder)
        repo.edit("configs/environments/local.yaml", "bakeSeconds: 0.2", "bakeSeconds: 0.1")
        repo.export(folder / "copies")
        go_out(repo, stub)
        with up(repo):
            made = Place(repo, stub, folder / "copies")
            until(lambda: any(made.copies.glob("local/copies/record/*.json")))
            yield made


@pytest.fixture
def host() -> Iterator[Tracker]:
    with Tracker().serving() as server:
        yield server


@dataclass
class Checked:
    """A job, and what it is expected to leave at the host."""

    job: Job
    host: Tracker
    place: Place

    def fails(self, said: str) -> None:
        """Twice: there is one issue, which is updated in place and says so."""
        for _ in range(2):
            assert self.job.run(), self.job.printed
        (issue,) = self.host.open
        assert (issue["title"], self.job.outcomes["job"]) == (f"{self.job.name}: local", "failure"), issue["body"]
        assert said in issue["body"]
        assert "Traceback" not in "".join(self.job.printed)
        assert self.place.beats()[self.job.name].outcome == "failure"

    def is_well(self, said: str) -> None:
        """The issue is closed with what healed it, and there is no other."""
        assert self.job.run(), self.job.printed
        (issue,) = self.host.issues
        assert (issue["state"], issue["state_reason"]) == ("closed", "completed"), issue["body"]
        assert said in issue["body"]
        beat = self.place.beats()[self.job.name]
        assert (beat.outcome, beat.reported) == ("success", beat.ran)


@pytest.fixture
def checked(place: Place, host: Tracker) -> Callable[[str], Checked]:
    return lambda name: Checked(Job(name, place.repo.root, host), host, place)


def test_a_hotfix_is_an_issue_until_it_is_healed(place: Place, checked: Any) -> None:
    drift = checked("drift")
    patch = ("resilience/standard", "retry.baseSeconds=0.3", "--reason", "the vendor is slow", "--for", "1h")
    assert place.moor("hotfix", "local", *patch) == 0
    drift.fails("resilience/standard:retry.baseSeconds")
    assert "the vendor is slow" in drift.host.issues[0]["body"]
    assert place.moor("drift", "local", "--heal") == 0
    drift.is_well("in sync")


def test_what_git_says_to_heal_is_healed_by_the_job_itself(place: Place, checked: Any) -> None:
    drift = checked("drift")
    tool = next(iter(sorted((place.repo.root / "configs/tools").rglob("*.yaml"))))
    name = tool.relative_to(place.repo.root / "configs/tools").with_suffix("")
    assert place.moor("hotfix", "local", f"tool/{name}", "timeoutSeconds=7", "--reason", "slow", "--for", "1h") == 0
    assert drift.job.run(), drift.job.printed
    assert (drift.host.issues, drift.job.outcomes["job"]) == ([], "success"), drift.job.printed
    assert place.moor("drift", "local") == 0


def test_a_destination_that_takes_nothing_is_an_issue_until_it_does(place: Place, checked: Any) -> None:
    export = checked("export-state")
    with _away(place.copies):
        export.fails("cannot ")
    export.is_well("exported to ")


def test_a_corrupt_copy_is_an_issue_until_a_whole_one_is_there(place: Place, checked: Any) -> None:
    verify = checked("verify-backup")
    until(lambda: place.moor("state", "export", "local") == 0)
    for part in (place.copies / "local/parts").rglob("*"):
        if part.is_file():
            part.write_bytes(part.read_bytes()[:-1] + b"!")
    verify.fails("is corrupt")
    until(lambda: place.moor("state", "export", "local", "--resend") == 0)
    verify.is_well("can be restored")


def test_worse_answers_are_an_issue_until_they_are_as_good_again(place: Place, checked: Any) -> None:
    behaviour = checked("behaviour")
    place.stub.worse = True
    behaviour.fails("worse: support/colours/sky")
    place.stub.worse = False
    behaviour.is_well("no worse")


@contextmanager
def _away(folder: Path) -> Iterator[None]:
    """A file is in the place of a folder."""
    hidden = folder.with_name(f"{folder.name}.away")
    folder.rename(hidden)
    folder.write_text("no folder")
    try:
        yield
    finally:
        folder.unlink()
        hidden.rename(folder)
