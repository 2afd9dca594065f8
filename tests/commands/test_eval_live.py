"""`moor eval --against live --all`: beside what an environment really serves, not beside a commit."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate.journal import read
from mooring.evaluate.values import Results
from tests.commands.conftest import Said
from tests.repository import Repo, copied, up

POLICY = "prompts/shared/refund-policy.yaml"
DAYS = "  - Refunds are possible within 30 days of delivery.\n"
SUITES = {"support/smoke": 4, "incident/smoke": 3}
"""Suites that are kept, and how many cases each has."""

CASES = sum(SUITES.values())


def small(parent: Path) -> Repo:
    """The documents with the suites that a minute is not too short for."""
    found = copied(parent)
    folder = found.root / "evals/suites"
    for file in folder.rglob("*.yaml"):
        if str(file.relative_to(folder).with_suffix("")) not in SUITES:
            file.unlink()
    found.commit("fewer suites")
    found.git("tag", "start")
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    with up(small(tmp_path_factory.mktemp("served"))) as found:
        yield found


@pytest.fixture
def live(served: Repo) -> Repo:
    """Environment `local` is up; the documents are those it was first brought up with, whatever it serves by now."""
    served.git("reset", "-q", "--hard", "start")
    return served


@pytest.fixture
def deployed(live: Repo, moor: Any) -> Callable[[str], str]:
    """Rewords the policy and deploys that, committed or not: the digest of what is live then."""

    def deploy(words: str, commit: bool = True) -> str:
        live.edit(POLICY, "Refunds are possible", words)
        moor("-C", live.root, "bump")
        if commit:
            live.commit(words)
        told = moor("-C", live.root, "deploy", "local", "--json")
        assert told.code == 0, told.err
        return str(told.json["digest"])

    return deploy


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


def test_the_base_is_what_is_live_and_not_what_is_committed(
    live: Repo, deployed: Any, evaluate: Any, side: Any
) -> None:
    digest = deployed("We refund")
    live.edit(POLICY, "We refund", "We pay back")
    live.commit("on its way")
    live.edit(POLICY, "We pay back", "We return the money")
    told = evaluate(live, "--all")
    assert (told.code, told.err) == (0, "")
    head, base = side("head"), side("base")
    assert base.release == digest != head.release
    assert "We refund" in base.prompts["support/smoke/policy-known"]
    assert "We return the money" in head.prompts["support/smoke/policy-known"]
    assert len(base.trials) == len(head.trials) == CASES


def test_an_edit_that_breaks_the_policy_is_blocked_beside_what_is_live(
    live: Repo, deployed: Any, evaluate: Any, side: Any
) -> None:
    digest = deployed("You are refunded")
    live.edit(POLICY, DAYS.replace("Refunds are possible", "You are refunded"), "")
    live.commit("shorter prompt")
    told = evaluate(live, "--all")
    assert told.code == 1
    assert "support/smoke/policy-known  critical, worse: passed 0 of 1, before 1 of 1" in told.out
    assert f"fail: {CASES} cases, simulated evidence" in told.out
    assert side("base").release == digest


@pytest.mark.parametrize("committed", [True, False])
def test_where_the_commit_of_what_is_live_is_gone_or_was_none_every_case_of_the_head_is_asked(
    committed: bool, live: Repo, deployed: Any, evaluate: Any, side: Any
) -> None:
    digest = deployed("You get a refund" if committed else "You are paid back", commit=committed)
    live.git("reset", "-q", "--hard", "start")
    live.git("reflog", "expire", "--expire=now", "--all")
    live.git("gc", "--quiet", "--prune=now")
    told = evaluate(live)
    note = "what is live came from no commit that git knows here: every case of the head is asked"
    assert (told.code, told.err) == (0, f"moor: note: {note}\n")
    assert side("base").release == digest
    assert len(side("base").trials) == len(side("head").trials) == CASES
