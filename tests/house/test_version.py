"""The product's version is one: `moor upgrade` reads it from the code, packaging from pyproject.toml."""

import tomllib
from pathlib import Path

from mooring import __version__
from mooring.upgrade.template import numbers

ROOT = Path(__file__).parents[2]


def test_the_code_and_the_project_name_the_same_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == __version__


def test_the_version_can_be_compared_and_be_a_tag() -> None:
    assert len(numbers(__version__)) == 3
