"""act and actionlint: built once from locked sums; where there is no Go, that is said and fails where Go has to be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflows import act, tools
from tests.workflows.act import STANDINS

ROOT = Path(__file__).parents[2]


def actionlint(home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """A call on a machine without Go that has built nothing yet."""
    command = [sys.executable, "-m", "tests.workflows.tools", "actionlint", "-version"]
    given = {"PATH": str(home), "HOME": str(home), **environ}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True)


def test_without_go_it_is_said_that_nothing_ran(tmp_path: Path) -> None:
    done = actionlint(tmp_path)
    assert (done.returncode, done.stderr) == (0, f"{tools.MISSING}\n")


@pytest.mark.parametrize("needed", [tools.NEEDED, "CI"])
def test_without_go_it_fails_where_everything_is_to_be_tested(tmp_path: Path, needed: str) -> None:
    assert actionlint(tmp_path, **{needed: "1"}).returncode == 1


def test_everything_is_tested_where_changes_are_let_in() -> None:
    assert f"{tools.NEEDED}=needed exec ./scripts/test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_what_was_built_is_kept_by_what_it_was_built_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    kept = tmp_path / "mooring/tools" / tools.digest() / "act"
    with pytest.raises(tools.Missing):
        tools.find("act")
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert tools.find("act") == kept


def test_the_module_names_no_host_of_a_registry() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in tools.MODULE.glob("go.*"))
    assert not [host for host in ("://", "goproxy.", "sumdb") if host in text.lower()]
    assert "replace" not in text


@pytest.mark.slow
def test_every_action_of_others_has_a_stand_in_that_knows_its_inputs() -> None:
    used = {path for _, path in act.stood_in(ROOT)}
    assert used == {path for path in STANDINS.iterdir() if path.is_dir()}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("act")
def test_a_workflow_that_github_would_not_take_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs: {one: {runs-on: ubuntu-latest, steps: [{run: 'echo ${{ github.nothing }}'}]}}\n")
    done = subprocess.run([tools.find("actionlint"), wrong], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 1
    assert 'property "nothing" is not defined' in done.stdout
