"""The image: what is in it, who it runs as, and that what its lines make starts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from mooring.targets.kubernetes.manifests import pod
from tests.image import dockerfile
from tests.image.dockerfile import FILE, Build, stages

STAGES = stages(FILE.read_text(encoding="utf-8"))
LAST = STAGES[-1]


def test_bases_are_one_image_by_its_digest() -> None:
    bases = {stage.base for stage in STAGES}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())


def test_nothing_is_downloaded_but_what_the_lock_has_hashes_of() -> None:
    runs = [run for stage in STAGES for run in stage.values("RUN")]
    assert not [run for run in runs if re.search(r"curl|wget|apt-get|git clone", run)]
    (install,) = (run for run in runs if " install " in run)
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:", "-r", "requirements.lock"} <= set(install.split())
    assert not [word for stage in STAGES for word, _ in stage.lines if word in ("ADD", "ARG", "SHELL")]


def test_the_last_stage_runs_nothing_and_takes_one_folder_of_the_first() -> None:
    assert LAST.values("RUN") == []
    assert LAST.values("COPY") == ["--from=build /app ./"]


def test_it_runs_as_the_user_that_manifests_name() -> None:
    assert LAST.values("USER") == [f"{pod.USER}:{pod.USER}"]
    assert json.loads(LAST.values("ENTRYPOINT")[0]) == [*pod.PYTHON, "mooring"]


def test_only_code_and_the_simulators_script_reach_the_builder() -> None:
    files = dockerfile.context()
    folders = {"/".join(path.split("/")[:2]) for path in files}
    assert folders == {"requirements.lock", "scripts/mooring", "evals/simulator"}
    assert not [path for path in files if "__pycache__" in path]


@pytest.mark.parametrize(
    ("path", "through"),
    [
        ("requirements.lock", True),
        ("requirements-dev.lock", False),
        ("scripts/mooring/main.py", True),
        ("scripts/mooring/runtime/door/table.py", True),
        ("scripts/mooring/__pycache__/main.cpython-311.pyc", False),
        ("scripts/bootstrap.py", False),
        ("scripts/tools/shipping.py", False),
        ("configs/environments/production.yaml", False),
        (".git/config", False),
        ("evals/suites/support.yaml", False),
    ],
)
def test_what_reaches_the_builder_is_named(path: str, through: bool) -> None:
    rules = (dockerfile.ROOT / ".dockerignore").read_text().splitlines()
    assert dockerfile.reaches_the_builder(path, [rule for rule in rules if not rule.startswith("#")]) is through


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The root of the last stage, and its variables."""
    build = Build(tmp_path_factory.mktemp("image"))
    root = build.run(STAGES)
    return root, build.environ


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_its_lines_make_starts_with_nothing_but_its_own_variables(built: tuple[Path, dict[str, str]]) -> None:
    root, environ = built
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444)
    command = [*pod.PYTHON, "mooring", "--version"]
    done = subprocess.run(command, cwd=root / "app", env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    command = [*pod.PYTHON, "mooring.targets.kubernetes.pod", "--help"]
    done = subprocess.run(command, cwd=root / "app", env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--release" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_code_is_compiled_and_no_installer_is_left(built: tuple[Path, dict[str, str]]) -> None:
    root, _ = built
    code = root / "app/scripts/mooring"
    sources = {path.relative_to(code).with_suffix("") for path in code.rglob("*.py")}
    compiled = {path.relative_to(code).parent.parent / path.name.split(".")[0] for path in code.rglob("*.pyc")}
    assert sources == compiled
    assert not list((root / "app/.venv").rglob("site-packages/pip"))
