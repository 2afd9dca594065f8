"""`moor render`: an environment of a cluster as files of others' tools."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repository import Repo, copied

TARGET = f"""\
target:
  type: kubernetes
  cluster: 1ad52c04-9ef1-4d0c-8f6a-3a1a4ca7a2d5
  namespace: agents
  image: ghcr.io/acme/agents@sha256:{"5e" * 32}
database: {{secretRef: "env:DATABASE_URL"}}
access: {{tenants: [{{name: website}}]}}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    found = copied(tmp_path)
    found.edit("configs/environments/production.yaml", "target:\n  type: local\n  listen: 127.0.0.1:0\n", TARGET)
    return found


@pytest.fixture
def at(repo: Repo, moor: Any) -> Any:
    return lambda *words: moor("-C", repo.root, *words)


@pytest.mark.slow
def test_what_is_printed_can_be_given_to_kubectl(at: Any) -> None:
    done = at("render", "production")
    assert done.code == 0
    found = {(one["kind"], one["metadata"]["name"]) for one in yaml.safe_load_all(done.out)}
    assert {("Deployment", "production-blue"), ("Deployment", "production-keeper"), ("Service", "production")} <= found
    assert at("render", "production").out == done.out


def test_another_slot_can_be_the_live_one(at: Any) -> None:
    done = at("--json", "render", "production", "--slot", "green")
    service = yaml.safe_load(done.json["files"]["traffic.yaml"])
    assert service["spec"]["selector"]["mooring.dev/slot"] == "green"
    assert "green.yaml" in done.json["files"]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "first"), [("kustomize", "kustomization.yaml"), ("helm", "Chart.yaml")])
def test_a_folder_is_written_once(at: Any, tmp_path: Path, form: str, first: str) -> None:
    out = tmp_path / "out"
    done = at("render", "production", "--format", form, "--output", out)
    assert (done.code, (out / first).exists()) == (0, True)
    again = at("--json", "render", "production", "--format", form, "--output", out)
    assert (again.json["reason"], again.json["changed"]) == ("in-sync", [])


def test_several_files_are_not_printed_as_one(at: Any) -> None:
    done = at("render", "production", "--format", "helm")
    assert done.code == 2
    assert "--output FOLDER" in done.err


def test_one_machine_has_nothing_to_render(at: Any) -> None:
    done = at("render", "local")
    assert done.code == 2
    assert "local runs on one machine" in done.err


def test_a_folder_that_cannot_be_written_to_is_said(at: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = at("render", "production", "--output", tmp_path / "file")
    assert done.code == 1
    assert "cannot write to" in done.err
