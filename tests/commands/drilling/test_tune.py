"""`moor drill tune`, from the arguments to the edit."""

import io
import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.commands.drilling import tune
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.report.console import Console
from tests.repository import Repo, copied, surrounded

FILE = "configs/resilience/critical.yaml"
DRILL = """\
# yaml-language-server: $schema=../../schemas/drill.schema.json
apiVersion: mooring/v1
kind: Drill
name: {name}
version: 1.0.0
description: The vendor that is asked first says nothing.
owner: "@tidewater/platform"
hours: 0.15
perMinute: 10
questions:
  - agent: incident
    say: What can you do?
    expect: (?i)metrics
incidents:
  - {{rung: L0, mode: {mode}, start: 0.02, end: 0.13}}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    found = copied(tmp_path)
    folder = found.root / "evals/drills"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.yaml"):
        file.unlink()
    for name, mode in (("first", "hang"), ("second", "hang"), ("third", "latency")):
        (folder / f"{name}.yaml").write_text(DRILL.format(name=name, mode=mode))
    found.edit(FILE, "hedge: {afterSeconds: 6,", "hedge: {enabled: false, afterSeconds: 6,")
    found.edit(FILE, "consecutiveFailures: 3", "consecutiveFailures: 8")
    found.commit("no hedges")
    with surrounded():
        yield found


def parsed(repo: Repo, *arguments: str) -> Namespace:
    parser = ArgumentParser()
    tune.add(parser)
    return parser.parse_args(arguments, Namespace(directory=str(repo.root)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_beats_the_profile_is_written_with_its_comments_and_nothing_else(repo: Repo) -> None:
    out = io.StringIO()
    args = parsed(repo, "critical", "--environment", "local", "--seed", "1", "--evaluations", "12", "--write")
    outcome = tune.run(args, Console(out, out))

    assert (outcome.reason, outcome.data["written"]) == (Reason.CHANGED, True)
    assert "POINT" in out.getvalue()
    assert "HELD OUT" in out.getvalue()
    assert "simulated trace" in out.getvalue()
    assert repo.git("status", "--short").split() == ["M", FILE]
    text = (repo.root / FILE).read_text()
    assert "# An incident is worth a second opinion while the first is slow." in text
    assert "version: 1.0.4\n" in text
    json.dumps(outcome.data)


@pytest.mark.slow
def test_a_profile_that_is_not_there_is_named(repo: Repo) -> None:
    with pytest.raises(UsageError, match=r"no profile 'critcal'.*did you mean 'critical'"):
        tune.run(parsed(repo, "critcal"), Console(io.StringIO(), io.StringIO()))


@pytest.mark.slow
def test_a_profile_that_too_few_drills_ask_is_refused(repo: Repo) -> None:
    with pytest.raises(Refused, match="0 of 3 drills ask an agent of profile standard") as refused:
        tune.run(parsed(repo, "standard"), Console(io.StringIO(), io.StringIO()))
    assert refused.value.reason is Reason.EMPTY_SET


@pytest.mark.parametrize(("option", "value"), [("--evaluations", "0"), ("--cost", "-1"), ("--seed", "soon")])
def test_numbers_that_are_none_are_refused(repo: Repo, option: str, value: str) -> None:
    with pytest.raises(SystemExit):
        parsed(repo, "critical", option, value)
