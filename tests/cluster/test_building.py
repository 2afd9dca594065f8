"""The control plane's program: built once from locked sums; where there is no Go, that is said."""

from pathlib import Path

import pytest

from tests import golang
from tests.cluster.building import CONTROL, KUBERNETES, MISSING


def test_without_go_it_is_said_that_nothing_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(golang.Missing, match=r"NOTHING was run on Kubernetes"):
        CONTROL.find("control")
    kept = tmp_path / "mooring/cluster" / CONTROL.digest() / "control"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert CONTROL.find("control") == kept
    assert "install Go 1.26" in MISSING


def test_what_is_built_has_one_version_of_kubernetes_and_names_no_host() -> None:
    module = (CONTROL.folder / "go.mod").read_text(encoding="utf-8")
    replaced = [line.split()[-1] for line in module.splitlines() if "=>" in line]
    assert set(replaced) == {f"v0{KUBERNETES[1:]}"}
    assert f"k8s.io/kubernetes v{KUBERNETES}" in module
    assert "://" not in module + (CONTROL.folder / "go.sum").read_text(encoding="utf-8")


def test_a_change_of_the_program_is_another_one(tmp_path: Path) -> None:
    module = golang.Module(tmp_path, "some", "no Go", ())
    (tmp_path / "go.mod").write_text("module some\n")
    before = module.digest()
    (tmp_path / "main.go").write_text("package main\n")
    assert len({before, module.digest(), golang.Module(tmp_path, "some", "no Go", ("-race",)).digest()}) == 3
