"""`moor eval --against live --all`: beside what an environment really serves, not beside a commit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate.journal import read
from mooring.evaluate.values import Results
from tests.commands.conftest import Said
from tests.repository import Repo, copied, up

pytestmark = pytest.mark.slow

POLICY = "prompts/shared/refund-policy.yaml"
DAYS = "  - Refunds are possible within 30 days of delivery.\n"
SUITES = {"support/smoke": 4, "incident/smoke": 3}
"""Suites that are kept, and how many cases each has."""

CASES = sum(SUITES.values())


def small(parent: Path) -> Repo:
    """The documents with the suites that a minute is not too short for."""
    found = copied(parent)
    found.keep_suites(SUITES)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    with up(small(tmp_path_factory.mktemp("served"))) as found:
        yield found


@pytest.fixture
def live(served: Repo, moor: Any) -> Repo:
    """Environment `local` serves what the commit `start` says, and that is checked out."""
    served.git("reset", "-q", "--hard", "start")
    assert moor("-C", served.root, "deploy", "local", "--json").code == 0
    return served


@pytest.fixture
def digest(live: Repo, moor: Any) -> str:
    """Of what is live."""
    return str(moor("-C", live.root, "status", "local", "--json").json["environments"][0]["live"]["digest"])


@pytest.fixture
def evaluate(moor: Any, tmp_path: Path) -> Callable[..., Said]:
    def run(repo: Repo, *more: str) -> Said:
        where = ("--environment", "local", "--output", tmp_path)
        told = moor("-C", repo.root, "eval", "--against", "live", *where, *more)
        assert isinstance(told, Said)
        return told

    return run


@pytest.fixture
def side(tmp_path: Path) -> Callable[[str], Results | None]:
    """What `head` or `base` answered, None where it was not asked."""
    return lambda name: read(tmp_path / f"{name}.jsonl") if (tmp_path / f"{name}.jsonl").exists() else None


def test_where_nothing_is_live_every_case_is_new_and_that_is_said(tmp_path: Path, evaluate: Any, side: Any) -> None:
    told = evaluate(small(tmp_path), "--all")
    assert (told.code, told.err) == (0, "moor: note: nothing is live in local: every case is new\n")
    assert "no base" in told.out
    assert len(side("head").trials) == CASES
    assert side("base") is None


def test_the_base_is_what_is_live_and_not_what_is_committed(live: Repo, digest: str, evaluate: Any, side: Any) -> None:
    live.edit(POLICY, "Refunds are possible", "We refund")
    live.commit("on its way")
    live.edit(POLICY, "We refund", "We pay back")
    told = evaluate(live, "--all")
    assert (told.code, told.err) == (0, "")
    head, base = side("head"), side("base")
    assert base.release == digest != head.release
    assert "Refunds are possible" in base.prompts["support/smoke/policy-known"]
    assert "We pay back" in head.prompts["support/smoke/policy-known"]
    assert len(base.trials) == len(head.trials) == CASES


def test_an_edit_that_breaks_the_policy_is_blocked_beside_what_is_live(
    live: Repo, digest: str, evaluate: Any, side: Any
) -> None:
    live.edit(POLICY, DAYS, "")
    live.commit("shorter prompt")
    told = evaluate(live, "--all")
    assert told.code == 1
    assert "support/smoke/policy-known  critical, worse: passed 0 of 1, before 1 of 1" in told.out
    assert f"fail: {CASES} cases, simulated evidence" in told.out
    assert side("base").release == digest


NOTE = "what is live came from no commit that git knows here: every case of the head is asked"


def test_where_the_commit_of_what_is_live_is_unknown_every_case_of_the_head_is_asked(
    live: Repo, digest: str, evaluate: Any, side: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = small(tmp_path)
    elsewhere.git("commit", "-q", "--amend", "-m", "another history")
    monkeypatch.setenv("MOORING_STATE", str(live.root / ".mooring"))
    told = evaluate(elsewhere)
    assert (told.code, told.err) == (0, f"moor: note: {NOTE}\n")
    assert side("base").release == digest
    assert len(side("base").trials) == len(side("head").trials) == CASES


def test_what_came_from_no_commit_at_all_is_a_base_as_well(live: Repo, evaluate: Any, side: Any, moor: Any) -> None:
    live.edit(POLICY, "Refunds are possible", "You get a refund")
    deployed = moor("-C", live.root, "deploy", "local", "--json").json
    live.edit(POLICY, "You get a refund", "You are paid back")
    told = evaluate(live)
    assert (told.code, told.err) == (0, f"moor: note: {NOTE}\n")
    assert side("base").release == deployed["digest"] != side("head").release
    assert len(side("base").trials) == len(side("head").trials) == CASES
