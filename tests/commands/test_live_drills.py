"""The command of live drills: what it refuses, and the receipt that it leaves."""

import json
from argparse import Namespace
from io import StringIO
from typing import Any

import pytest

from mooring.commands.drilling import live
from mooring.commands.parser import Parser, shared
from mooring.errors import UsageError
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console
from tests.repository import Repo


def drill(repo: Repo, *words: str) -> tuple[Outcome, str]:
    """How it ends, and what it prints."""
    parser = Parser(prog="moor drill", parents=[shared()])
    live.add(parser)
    out = StringIO()
    args = parser.parse_args(["-C", str(repo.root), *words], Namespace(json=False, no_color=True, directory=None))
    return live.run(args, Console(out, StringIO())), out.getvalue()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--live", "crush"), "no live drill 'crush'; did you mean 'crash'"),
        (("--live",), "expected at least one argument"),
        (("--live", "slots", "--kills", "9"), "--kills is for the drill crash"),
        (("--live", "crash", "--kills", "0"), "not a number of 1 or more"),
        (("--live", "crash", "--environment", "nowhere"), "no environment 'nowhere'"),
    ],
)
def test_what_cannot_be_drilled_is_refused(repo: Repo, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as refused:
        drill(repo, *words)
    assert why.partition(";")[0] in str(refused.value)


def test_drills_run_once_each_in_the_order_of_the_table() -> None:
    assert live.chosen(["slots", "crash", "slots"]) == ["crash", "slots"]
    assert live.chosen(["restore", "all"]) == ["crash", "rollback", "slots", "restore", "dependency"]


@pytest.mark.slow
def test_a_drill_leaves_a_receipt_and_nothing_else(repo: Repo, moor: Any) -> None:
    outcome, said = drill(repo, "--live", "restore")
    assert (outcome.reason, outcome.exit_code) == (Reason.VERIFIED, 0), said
    (found,) = outcome.data["drills"]
    assert json.loads(json.dumps(found))["figures"]["turns"] == 4
    assert "restore: held; RPO" in said
    (status,) = moor("-C", repo.root, "--json", "status", "local").json["environments"]
    (proof,) = status["proofs"]
    assert (proof["exercise"], proof["result"], proof["release"]) == ("restore", "held", found["release"])
    assert status["running"] is False
    (record,) = moor("-C", repo.root, "--json", "history", "local", "--verify").json["records"]
    assert (record["kind"], record["proof"]["exercise"]) == ("drill", "restore")
