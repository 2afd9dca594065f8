"""`moor patrol`: what it shows, how it ends, and what it says when it cannot look."""

from pathlib import Path
from typing import Any

import pytest

from mooring.commands.answering import bisect
from mooring.errors import UsageError
from mooring.state.records import patrols
from mooring.state.transactions import Transactions
from tests.repository import Repo, copied, up

PATROL = "configs/operations/patrol.yaml"
LOCAL = "configs/environments/local.yaml"
CHECKS = """checks:
  - {kind: sql, name: state, okBelowSeconds: 20, alarmAboveSeconds: 20, timeoutSeconds: 20}
  - {kind: llm-echo, name: models, okBelowSeconds: 20, alarmAboveSeconds: 20}
keepDays: 30
"""


DISK = "checks:\n  - {kind: disk, name: disk, okBelowRatio: 2, alarmAboveRatio: 2}\n"


def with_checks(repo: Repo, text: str) -> None:
    file = repo.root / PATROL
    head = file.read_text().partition("checks:")[0]
    file.write_text(head.replace("repeatAfterSeconds: 2", "repeatAfterSeconds: 0") + text)
    repo.commit("checks")


def test_an_environment_that_names_no_document_is_told_how_to_make_one(repo: Repo, moor: Any) -> None:
    repo.edit(LOCAL, "patrol: patrol\n", "")
    said = moor("-C", repo.root, "patrol", "local")
    assert said.code == 1
    assert "names no Patrol document, so nothing would be looked at" in said.error
    assert "fix: moor new patrol patrol, and `patrol: patrol` in configs/environments/local.yaml" in said.err


@pytest.mark.slow
def test_a_new_document_is_begun_with_the_command_that_the_fix_names(repo: Repo, moor: Any) -> None:
    repo.edit(LOCAL, "patrol: patrol\n", "patrol: mine\n")
    assert moor("-C", repo.root, "new", "patrol", "mine").code == 0
    assert moor("-C", repo.root, "validate").code == 0


@pytest.mark.slow
def test_where_nothing_runs_what_depends_on_that_is_in_alarm(repo: Repo, moor: Any) -> None:
    with_checks(repo, CHECKS)
    said = moor("-C", repo.root, "patrol", "local")
    assert said.code == 1
    assert said.out.startswith("local: 3 in alarm, 1 ok\n")
    assert "the simulator does not run; moor up local" in said.out
    assert moor("-C", repo.root, "patrol", "local", "--json").json["reason"] == "alarmed"


def test_what_cannot_be_known_is_no_success(repo: Repo, moor: Any) -> None:
    with_checks(repo, "checks:\n  - {kind: redis-ping, name: cache, secretRef: 'env:NOT_SET_ANYWHERE'}\n")
    said = moor("-C", repo.root, "patrol", "local", "--json")
    assert (said.code, said.json["reason"]) == (1, "unknown")
    (check,) = said.json["checks"]
    assert (check["state"], "NOT_SET_ANYWHERE is not set" in check["detail"]) == ("unknown", True)


def test_a_warning_is_shown_and_stops_nobody(repo: Repo, moor: Any) -> None:
    with_checks(repo, "checks:\n  - {kind: disk, name: disk, okBelowRatio: 0.000001, alarmAboveRatio: 1}\n")
    said = moor("-C", repo.root, "patrol", "local")
    assert (said.code, said.out.splitlines()[0]) == (0, "local: 1 to watch")


@pytest.mark.slow
def test_a_database_that_cannot_be_used_is_said_after_what_was_seen(
    repo: Repo, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_checks(
        repo,
        "checks:\n  - {kind: disk, name: disk, okBelowRatio: 2, alarmAboveRatio: 2}\n  - {kind: sql, name: state}\n",
    )
    document = repo.root / LOCAL
    document.write_text(f"{document.read_text()}database: {{secretRef: env:STATE_URL}}\n")
    said = moor("-C", repo.root, "patrol", "local")
    assert (said.code, "STATE_URL is not set" in said.error) == (1, True)
    assert said.out.startswith("local: 1 unknown, 1 ok\n")
    monkeypatch.setenv("STATE_URL", "postgresql://nobody:hunter22@127.0.0.1:9/none")
    said = moor("-C", repo.root, "patrol", "local")
    assert (said.code, "what was seen cannot be kept" in said.error) == (1, True)
    assert said.out.startswith("local: 1 in alarm, 1 ok\n")
    assert "hunter22" not in said.out + said.err


@pytest.mark.slow
def test_suites_that_cannot_be_loaded_are_no_trouble_with_the_database(
    repo: Repo, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_checks(repo, f"{DISK}  - {{kind: canary, name: agents}}\n")
    known = moor("-C", repo.root, "patrol", "local", "--json").json["checks"]
    cases = {check["check"] for check in known if check["kind"] == "canary"}
    assert cases

    def gone(*_: Any) -> None:
        raise UsageError("the commit is not here", "git fetch --unshallow")

    monkeypatch.setattr(bisect, "suites", gone)
    said = moor("-C", repo.root, "patrol", "local", "--json")
    assert (said.code, said.json["reason"]) == (1, "unknown")
    (agents,) = [check for check in said.json["checks"] if check["check"] == "agents"]
    assert "cannot be loaded: the commit is not here; git fetch --unshallow" in agents["detail"]
    database = Transactions(f"sqlite:///{repo.root / '.mooring/local/state.db'}")
    assert {one.check.partition("@")[0] for one in database.read(patrols.states)} == {*cases, "agents", "disk"}
    database.close()


@pytest.mark.slow
def test_a_bisection_that_breaks_or_takes_too_long_costs_nothing_of_the_patrol(
    repo: Repo, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_checks(repo, f"{DISK}  - {{kind: canary, name: agents}}\n")
    patrolled = ("-C", repo.root, "patrol", "local", "--bisect", "--prometheus", repo.root / "local.prom")

    def broken(*_: Any) -> None:
        assert (repo.root / "local.prom").exists()
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(bisect, "_tried", broken)
    said = moor(*patrolled)
    assert said.code == 3
    assert "nothing runs here; moor up local" in said.out
    database = Transactions(f"sqlite:///{repo.root / '.mooring/local/state.db'}")
    states = {one.check.partition("@")[0]: one.state for one in database.read(patrols.states)}
    database.close()
    assert states.pop("disk") == "ok"
    assert set(states.values()) == {"alarm"}

    monkeypatch.setattr(bisect, "BUDGET_SECONDS", 0)
    said = moor(*patrolled)
    assert said.code == 1
    assert said.out.count("it is not known what broke it; its time was over after 0 releases") == bisect.CASES
    assert "not known" not in moor("-C", repo.root, "patrol", "local").out, "it is tried again in the next patrol"


@pytest.mark.slow
def test_a_file_that_cannot_be_written_is_one_line(repo: Repo, moor: Any) -> None:
    with_checks(repo, DISK)
    said = moor("-C", repo.root, "patrol", "local", "--prometheus", repo.root / "none/local.prom")
    assert (said.code, "cannot write" in said.error) == (1, True)
    assert moor("-C", repo.root, "patrol", "local", "--prometheus", repo.root / "local.prom").code == 0
    series = 'mooring_patrol_state{check="disk",environment="local",kind="disk"} 0.0'
    assert series in (repo.root / "local.prom").read_text()


@pytest.mark.slow
def test_what_serves_says_what_is_looked_at_and_a_fault_is_seen(tmp_path: Path, moor: Any) -> None:
    repo = copied(tmp_path)
    with_checks(repo, CHECKS)
    with up(repo):
        said = moor("-C", repo.root, "patrol", "local", "--json")
        assert (said.code, said.json["reason"], said.json["live"]) == (0, "reported", True)
        assert {check["state"] for check in said.json["checks"]} == {"ok"}

        with_checks(repo, "checks:\n  - {kind: disk, name: disk}\n")
        found = moor("-C", repo.root, "patrol", "local", "--json").json["checks"]
        assert len(found) == 4, "fewer checks are not in force before they are deployed"

        assert moor("-C", repo.root, "simulate", "fault", "status", "--provider", "openai").code == 0
        said = moor("-C", repo.root, "patrol", "local")
        assert said.code == 1
        (line,) = [line for line in said.out.splitlines() if line.startswith("models/openai/")]
        assert "alarm" in line
        assert "(HTTP 503" in line
        assert moor("-C", repo.root, "simulate", "clear").code == 0
        assert moor("-C", repo.root, "patrol", "local").code == 1
        assert moor("-C", repo.root, "patrol", "local").code == 0


@pytest.mark.slow
def test_a_document_that_is_not_deployed_yet_is_not_in_force(tmp_path: Path, moor: Any) -> None:
    repo = copied(tmp_path)
    document = (repo.root / LOCAL).read_text()
    repo.edit(LOCAL, "patrol: patrol\n", "")
    repo.commit("no patrol")
    with up(repo):
        said = moor("-C", repo.root, "patrol", "local")
        assert (said.code, "fix: moor new patrol patrol, and" in said.err) == (1, True)
        (repo.root / LOCAL).write_text(document)
        said = moor("-C", repo.root, "patrol", "local")
        assert (said.code, "the release that serves local names no Patrol document" in said.error) == (1, True)
        assert "fix: moor deploy local" in said.err
