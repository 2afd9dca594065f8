"""Locks that uv makes of packages in a folder: renewed together, and never apart."""

from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.operate.renovation.locks import DEV, EVAL, GROUPS, MODEL, RUNTIME, changes, out_of_step, pins
from mooring.operate.renovation.resolve import read, resolve, write
from tests.operate.renovation.wheels import add

pytestmark = pytest.mark.slow


def made(project: Path, *, upgrade: bool) -> dict[str, str]:
    texts = resolve(project, upgrade=upgrade, cooldown_days=0)
    write(project, texts)
    return texts


def version(text: str, name: str) -> str:
    return pins(text)[name][0].version


def test_what_is_pinned_stays_until_an_upgrade_which_keeps_all_three_in_step(project: Path, index: Path) -> None:
    first = made(project, upgrade=False)
    assert list(first) == [DEV, EVAL, RUNTIME, MODEL]
    assert list(pins(first[MODEL])) == ["weights"]
    assert out_of_step(first) == []
    add(index, "base", "1.5")
    assert made(project, upgrade=False) == first
    renewed = made(project, upgrade=True)
    assert {version(renewed[file], "base") for file in GROUPS} == {"1.5"}
    assert (out_of_step(renewed), changes(first, renewed)) == ([], ["base 1.0 → 1.5"])
    assert read(project) == renewed


def test_what_only_a_test_tool_cannot_take_is_taken_by_no_lock(project: Path, index: Path) -> None:
    """The largest lock decides: resolved alone, the runtime's would be ahead of it."""
    add(index, "checker", "1.1", "base<1.5")
    (index / "checker-1.0-py3-none-any.whl").unlink()
    add(index, "base", "1.5")
    renewed = made(project, upgrade=True)
    assert {version(renewed[file], "base") for file in GROUPS} == {"1.0"}
    assert out_of_step(renewed) == []


def test_versions_that_do_not_fit_are_one_line_with_a_fix(project: Path, index: Path) -> None:
    add(index, "judge", "2.0", "base>=3")
    (index / "judge-1.0-py3-none-any.whl").unlink()
    with pytest.raises(Failed, match="uv finds no versions that fit") as failed:
        resolve(project, upgrade=True, cooldown_days=0)
    assert "\n" not in str(failed.value)
    assert failed.value.fix == "correct pyproject.toml"
