import ast
import sys
from pathlib import Path
from typing import Any

import pytest

import bootstrap

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-eval.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_for_everything_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    entries = [entry for entry in text.replace("\\\n", "").splitlines() if entry]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
