"""A project whose packages come from a folder."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.operate.renovation.wheels import PROJECT, add


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, which uv takes packages from. Skipped, loudly, where uv is not."""
    if not (Path(sys.executable).with_name("uv").is_file() or shutil.which("uv")):
        pytest.skip("uv is not here: python3 scripts/bootstrap.py --dev")
    folder = tmp_path / "wheels"
    for name in ("base", "judge", "checker"):
        add(folder, name, "1.0")
    add(folder, "weights", "1.0")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder
