"""The plan as a contract: merges in a real repository, against what a stand-in for GitHub says was reviewed."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mooring.commands import reviewed
from mooring.commands.reviewed import Step
from mooring.commands.running import ledger
from mooring.commands.target_state import at, documents, planned
from mooring.commands.workspace import Workspace
from mooring.errors import Failed, Refused
from mooring.report.console import Console
from mooring.report.plan_text import plan_text
from mooring.rollout import lease
from mooring.rollout.state import Kind, Requested, Side, State
from tests.operate.repository.merged import Merged
from tests.repository import HOME, Repo

pytestmark = pytest.mark.slow

LOCAL = "configs/environments/local.yaml"
BRIEF = ("prompts/shared/tone.yaml", "Be warm and plain", "Be brief and plain")
OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: as-merged
version: 1.0.0
description: Goes out as it was merged.
owner: "@tidewater/on-call"
plan: {plan}
guards: [reviewed-plan]
reason: Both were read together.
expires: 2999-01-01T00:00:00Z
"""


def comment() -> Any:
    spec = importlib.util.spec_from_file_location("comment", HOME / ".github/actions/comment/comment.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@dataclass
class Merges:
    """A repository whose main branch gets pull requests, and the host that knows of them."""

    repo: Repo
    host: Merged

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.repo.root, self.repo.root / ".mooring")

    @property
    def head(self) -> str:
        return self.repo.git("rev-parse", "HEAD").strip()

    def live(self, commit: str | None = None) -> None:
        """Writes into the ledger that the release of a commit, by default of HEAD, is live."""
        release = at(self.workspace, "local", commit or "HEAD")
        assert release
        side = Side("blue", release.digest)
        event = Requested(1.0, Kind.DEPLOY, release.digest, commit=commit or self.head)
        with ledger(self.workspace, "local") as book:
            held = lease.acquire(book, "local", "ann", "deploy")
            book.append("local", held.token, "ann", event, State(live=side, trail=(release.digest,)))
            lease.release(book, held)

    def branch(self, name: str, *edits: tuple[str, str, str], start: str = "main") -> str:
        self.repo.git("switch", "-q", "-c", name, start)
        for edit in edits:
            self.repo.edit(*edit)
        self.repo.commit(name)
        head = self.head
        self.repo.git("switch", "-q", "main")
        return head

    def review(self, number: int, name: str, against: str = "main", text: str = "") -> None:
        """Comments what merging a branch would change, compared with a commit."""
        plan = self.plan(against, name)
        plans = {"local": text or plan_text(plan)}
        head = self.repo.git("rev-parse", name).strip()
        self.host.say(number, comment().body(plans, head))

    def merge(self, number: int, name: str) -> str:
        head = self.repo.git("rev-parse", name).strip()
        self.repo.git("merge", "-q", "--no-ff", "-m", f"Merge pull request #{number} from acme/{name}", name)
        self.host.merge(number, head, self.head)
        return self.head

    def plan(self, before: str, after: str) -> Any:
        from datetime import UTC, datetime

        from mooring.change.plan import make_plan

        desired, live = at(self.workspace, "local", after), at(self.workspace, "local", before)
        assert desired
        return make_plan(desired, live, (), datetime.now(UTC))

    def demand(self, live: str) -> list[Step]:
        """What is asked before the work tree is deployed over the release of a commit."""
        catalog, desired = documents(self.workspace, "local")
        plan = planned(catalog, desired, at(self.workspace, "local", live))
        return reviewed.demand(self.workspace, catalog, plan, Console())


@pytest.fixture
def merges(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Merges]:
    with Merged().serving() as host:
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        found = Merges(repo, host)
        found.live()
        yield found


def capacity(value: int) -> tuple[str, str, str]:
    return LOCAL, "rollout:\n", f"serving: {{maxInFlight: {value}}}\nrollout:\n"


def test_merges_that_were_reviewed_pass_one_by_one_though_they_go_out_together(merges: Merges) -> None:
    start = merges.head
    merges.branch("tone", BRIEF)
    merges.branch("more", capacity(300))
    merges.review(1, "tone")
    merges.review(2, "more")
    merges.merge(1, "tone")
    merges.merge(2, "more")
    steps = merges.demand(start)
    assert [(step.name, step.problem) for step in steps] == [("#1", ""), ("#2", "")]
    assert all(step.plan and step.plan.changes for step in steps)


def test_a_merge_after_another_one_that_changes_its_meaning_is_refused_with_the_difference(
    merges: Merges, capsys: pytest.CaptureFixture[str]
) -> None:
    """Doubling 300 is reviewed; meanwhile it became 400: git merges what people would read otherwise."""
    merges.repo.edit(*capacity(300))
    merges.repo.commit("300")
    merges.live()
    start = merges.head
    doubled = (LOCAL, "{maxInFlight: 300}", "{maxInFlight: 600}")
    merges.branch("double", doubled)
    merges.review(2, "double")
    merges.branch("some", (LOCAL, "{maxInFlight: 300}", "{maxInFlight: 400}"))
    merges.review(1, "some")
    merges.merge(1, "some")
    # As somebody resolves the conflict on the branch, without a new plan.
    merges.repo.git("switch", "-q", "double")
    merges.repo.git("merge", "-q", "-s", "ours", "-m", "bring up to date", "main")
    merges.repo.git("switch", "-q", "main")
    merges.host.comments[2][0]["body"] = merges.host.comments[2][0]["body"].replace(
        merges.repo.git("rev-parse", "double~1").strip()[:12], merges.repo.git("rev-parse", "double").strip()[:12]
    )
    merges.merge(2, "double")
    with pytest.raises(Refused, match="guard reviewed-plan: #2 means something else in local") as refused:
        merges.demand(start)
    out = capsys.readouterr().out
    assert "300" in next(line for line in out.splitlines() if line.startswith("-~"))
    assert "400" in next(line for line in out.splitlines() if line.startswith("+~"))
    assert "revert the merge" in refused.value.fix

    catalog, desired = documents(merges.workspace, "local")
    digest = planned(catalog, desired, at(merges.workspace, "local", start)).digest
    (merges.repo.root / "configs/overrides").mkdir(exist_ok=True)
    (merges.repo.root / "configs/overrides/as-merged.yaml").write_text(OVERRIDE.format(plan=digest))
    merges.repo.commit("override")
    first, second, *_others = merges.demand(start)
    assert (first.problem, bool(second.problem)) == ("", True), "the override counts for this plan"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda merges: merges.host.comments.clear(), "#1 has no comment with a plan for local"),
        (
            lambda merges: merges.host.comments[1][0].update(user={"login": "mallory"}),
            "#1 has no comment with a plan for local",
        ),
        (lambda merges: merges.host.commits.clear(), "no pull request brought"),
        (
            lambda merges: merges.host.commits[merges.head][0]["head"].update(sha="f" * 40),
            "and ffffffffffff was merged",
        ),
    ],
    ids=["no comment", "somebody else's comment", "a push without a pull request", "a push after the plan"],
)
def test_what_nobody_reviewed_is_refused(merges: Merges, spoil: Callable[[Merges], object], said: str) -> None:
    start = merges.head
    merges.branch("tone", BRIEF)
    merges.review(1, "tone")
    merges.merge(1, "tone")
    spoil(merges)
    with pytest.raises(Refused, match=said):
        merges.demand(start)


def test_a_plan_that_says_less_than_is_merged_is_refused_though_it_names_the_digest(merges: Merges) -> None:
    start = merges.head
    merges.branch("both", BRIEF, capacity(300))
    lines = plan_text(merges.plan("main", "both")).splitlines()
    harmless = [line for line in lines if "nvironment" not in line or not line.startswith("~")]
    merges.review(1, "both", text="\n".join(line for line in harmless if "at once" not in line))
    merges.merge(1, "both")
    with pytest.raises(Refused, match="the plan was altered"):
        merges.demand(start)


def test_a_pull_request_that_was_rebased_is_one_contract(merges: Merges) -> None:
    start = merges.head
    merges.branch("two", BRIEF)
    merges.branch("three", capacity(300), start="two")
    merges.review(1, "three")
    head = merges.repo.git("rev-parse", "three").strip()
    merges.repo.git("merge", "-q", "--ff-only", "three")
    merges.host.merge(1, head, merges.head, merges.repo.git("rev-parse", "HEAD~1").strip())
    (step,) = merges.demand(start)
    assert (step.name, step.problem, step.before) == ("#1", "", start)


def test_a_history_that_was_rewritten_is_refused(merges: Merges) -> None:
    start = merges.head
    merges.repo.git("commit", "-q", "--amend", "-m", "rewritten")
    merges.repo.edit(*BRIEF)
    merges.repo.commit("tone")
    with pytest.raises(Refused, match="was it rewritten"):
        merges.demand(start)


def test_what_changes_nothing_here_and_a_way_back_ask_nobody(merges: Merges) -> None:
    start = merges.head
    (merges.repo.root / "notes.md").write_text("no document")
    merges.repo.commit("notes")
    merges.live(start)
    assert merges.demand(start) == []
    assert merges.host.asked == []


def test_a_host_that_is_silent_ends_it(merges: Merges, monkeypatch: pytest.MonkeyPatch) -> None:
    start = merges.head
    merges.branch("tone", BRIEF)
    merges.merge(1, "tone")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    merges.host.trouble = [401]
    with pytest.raises(Failed, match="HTTP 401"):
        merges.demand(start)
