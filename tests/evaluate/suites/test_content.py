"""What is in the suites of this repository."""

from argparse import ArgumentParser
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest

from mooring.commands.eval import add
from mooring.commands.evaluation import prepare
from mooring.commands.workspace import Workspace
from mooring.evaluate.cases import cases
from mooring.evaluate.judges.calibration import read
from mooring.report.console import Console
from tests.evaluate.suites.sabotage import suites
from tests.repository import CONTENT

BREACHES = {"injection", "secrets", "privacy"}


def test_both_agents_are_asked_enough() -> None:
    counted = Counter(suite.agent for suite in suites().values() for _ in suite.tests)
    assert counted.total() >= 70
    assert min(counted.values()) >= 30
    assert len(counted) == 2


def test_each_agent_has_one_short_smoke_suite() -> None:
    smoke = [suite for suite in suites().values() if suite.smoke]
    assert sorted(suite.agent for suite in smoke) == ["incident", "support"]
    assert all(3 <= len(suite.tests) <= 5 for suite in smoke)


def test_what_would_be_a_breach_is_critical() -> None:
    lax = [
        case.id for suite in suites().values() for case in cases(suite) if BREACHES & {*case.tags} and not case.critical
    ]
    assert lax == []


@pytest.mark.parametrize("tag", ["de", "injection", "tool-result", "approval", "wrong-order", "missing-order", "long"])
def test_what_is_hard_is_asked_more_than_once(tag: str) -> None:
    assert sum(tag in case.tags for suite in suites().values() for case in suite.tests) >= 2


def test_people_have_labelled_what_the_judge_must_agree_with() -> None:
    answers = read(CONTENT / "evals/calibration", "tone").answers
    labels = Counter(answer.label for answer in answers)
    assert len(answers) >= 20
    assert min(labels.values()) >= 8


def asked(tmp_path: Path, *names: str) -> tuple[set[str], str]:
    """Suites that `moor eval` would ask, and what it says about others."""
    said = StringIO()
    add(parser := ArgumentParser())
    session = prepare(Workspace(CONTENT, tmp_path), parser.parse_args(names), Console(StringIO(), said))
    assert session is not None
    return set(session.suites), said.getvalue()


def test_where_no_judge_is_simulated_a_judged_suite_is_left_out_and_said_so(tmp_path: Path) -> None:
    names, said = asked(tmp_path)
    assert names == suites().keys()
    assert "support/style is left out" in said


def test_a_judged_suite_that_is_named_is_asked(tmp_path: Path) -> None:
    assert asked(tmp_path, "support/style")[0] == {"support/style"}
