"""Files with Windows' line ends are the same content and release; a byte order mark is one finding."""

import codecs
import shutil
from pathlib import Path

import pytest

from mooring.catalog.load import load, load_valid
from mooring.catalog.source import WorkTree
from mooring.catalog.versions import bump
from mooring.commands.validate import collect
from mooring.release.resolve import resolve
from mooring.simulator.rulebook import read
from mooring.simulator.services.world import read as read_world
from tests.repository import CONTENT, HOME, Repo


@pytest.fixture
def windows(tmp_path: Path) -> Path:
    """The tests' documents with CRLF in every file, as git writes them with `core.autocrlf`."""
    root = tmp_path / "windows"
    shutil.copytree(CONTENT, root)
    shutil.copytree(HOME / "schemas", root / "schemas")
    for file in root.rglob("*.*"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    return root


@pytest.mark.slow
def test_documents_with_crlf_are_valid_and_the_same_release(windows: Path) -> None:
    assert collect(windows, None)[0] == []
    ours, theirs = (resolve(load_valid(WorkTree(root)), "local") for root in (CONTENT, windows))
    assert ours.digest == theirs.digest


def test_rules_and_services_with_crlf_are_the_same(windows: Path) -> None:
    assert read(windows / "evals/simulator") == read(CONTENT / "evals/simulator")
    assert read_world(windows / "evals/simulator") == read_world(CONTENT / "evals/simulator")


@pytest.mark.slow
def test_a_bump_leaves_the_line_ends_of_a_file_as_they_are(windows: Path) -> None:
    repo = Repo(windows)
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "core.autocrlf", "false")
    repo.commit()
    file = windows / "prompts/shared/refund-policy.yaml"
    file.write_bytes(file.read_bytes().replace(b"30 days", b"14 days"))
    assert [one.file for one in bump(windows, "HEAD", [])] == ["prompts/shared/refund-policy.yaml"]
    content = file.read_bytes()
    assert b"version: 1.0.1\r\n" in content
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize(
    "name", ["configs/agents/support.yaml", "evals/suites/support/smoke.yaml", "scripts/tools/shipping.py"]
)
def test_a_byte_order_mark_is_one_finding_of_the_file(windows: Path, name: str) -> None:
    file = windows / name
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    found = [finding for finding in load(WorkTree(windows))[1] if finding.file == name]
    assert [(one.line, one.check, one.message[:29]) for one in found] == [
        (1, "encoding", "starts with a byte order mark")
    ]


@pytest.mark.slow
def test_a_byte_order_mark_in_the_world_is_one_finding(windows: Path) -> None:
    for name in ("0-judge.yaml", "services/shop.yaml"):
        file = windows / "evals/simulator" / name
        file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    found = [one for one in collect(windows, None)[0] if "byte order mark" in one.message]
    assert sorted(one.file for one in found) == ["evals/simulator/0-judge.yaml", "evals/simulator/services/shop.yaml"]
