"""`moor drill --scale`: bad input is refused before anything is computed, and everything is in `--json`."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.drill.scale.made_up import figures
from tests.repository import Repo


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--requests-per-minute", "0"), "'0' is not a number above 0"),
        (("--requests-per-minute", "-5"), "'-5' is not a number above 0"),
        (("--requests-per-minute", "nan"), "'nan' is not a number above 0"),
        (("--requests-per-minute", "inf"), "'inf' is not a number above 0"),
        (("--requests-per-minute", "many"), "'many' is not a number above 0"),
        (("--requests-per-minute", "100", "1e12"), "up to 100,000,000"),
        (("--requests-per-minute",), "expected at least one argument"),
        (("--core-hour", "-1"), "'-1' is not a number above 0"),
        (("--busy", "1"), "'1' is not a number above 0, up to 0.95"),
        (("--database-cores", "1.5"), "'1.5' is not a whole number above 0"),
        (("--quota-tokens", ""), "'' is not a number above 0"),
        (("--checkpoints", "on"), "unknown checkpoints 'on'"),
        (("blips",), "--scale takes no names of drills"),
        (("--against", "HEAD"), "--scale takes no names of drills, and none of --against"),
    ],
)
def test_what_cannot_be_reckoned_is_refused(repo: Repo, moor: Any, words: tuple[str, ...], why: str) -> None:
    refused = moor("-C", repo.root, "drill", "--scale", *words)
    assert refused.code == 2
    assert why in refused.err


def test_its_options_mean_nothing_without_it(repo: Repo, moor: Any) -> None:
    refused = moor("-C", repo.root, "drill", "--core-hour", "1")
    assert (refused.code, "--core-hour is for the drill of scale" in refused.err) == (2, True)


def test_figures_that_are_none_are_findings(repo: Repo, moor: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"run": {}}', encoding="utf-8")
    refused = moor("-C", repo.root, "drill", "--scale", "--figures", file)
    assert refused.code == 1
    assert "disk: Field required" in refused.err


@pytest.mark.slow
def test_a_rate_is_reckoned_with_figures_of_ones_own(repo: Repo, moor: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(figures().model_dump_json(by_alias=True), encoding="utf-8")
    words = ("drill", "--scale", "--requests-per-minute", "600", "--figures", file, "--quota-requests", "900")
    done = moor("-C", repo.root, "--json", *words)
    assert done.code == 0
    (rate,) = done.json["rates"]
    assert (rate["plan"]["rate"], rate["first"]) == (600, "model quota, requests")
    planned, breaks = rate["simulated"]["growth"]["planned"], rate["simulated"]["growth"]["breaks"]
    assert (planned["broken"], breaks["broken"]) == ("model quota", "model quota")  # 1,200 calls a minute are more
    assert json.loads(json.dumps(done.json["figures"])) == json.loads(file.read_text(encoding="utf-8"))
    told = moor("-C", repo.root, *words).out
    assert "* breaks first: model quota, requests; buy a larger quota" in told
    assert moor("-C", repo.root, "--json", *words).json == done.json
