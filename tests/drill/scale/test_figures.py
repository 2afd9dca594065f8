"""The file of figures is read as a whole, or refused with everything that is wrong with it."""

import json
from pathlib import Path

import pytest

from mooring.drill.scale.figures import read
from mooring.errors import FindingsError
from tests.drill.scale.made_up import figures


def written(folder: Path, **values: object) -> Path:
    file = folder / "figures.json"
    file.write_text(json.dumps(json.loads(figures().model_dump_json(by_alias=True)) | values), encoding="utf-8")
    return file


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read(written(tmp_path)) == figures()


def test_the_committed_figures_can_be_read() -> None:
    assert set(read().run) == {"durable", "off"}


def test_every_mistake_is_a_finding(tmp_path: Path) -> None:
    disk = {"flushSeconds": -1, "contendedCommitsPerSecond": 0}
    with pytest.raises(FindingsError) as refused:
        read(written(tmp_path, disk=disk, surprise=1))
    assert [finding.path for finding in refused.value.findings] == [
        "disk.contendedCommitsPerSecond", "disk.flushSeconds", "surprise",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "[]", "{", '{"measured": NaN}'])
def test_no_figures_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "figures.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(FindingsError):
        read(file)


def test_a_missing_file_is_named_with_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as refused:
        read(tmp_path / "none.json")
    (finding,) = refused.value.findings
    assert "No such file" in finding.message
    assert "scripts/bench scale" in finding.fix
