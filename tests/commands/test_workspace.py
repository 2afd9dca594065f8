"""A command finds its repository from anywhere in it, and says so when there is none."""

from pathlib import Path

import pytest

from mooring.commands.workspace import Workspace, locate
from mooring.errors import UsageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("configs/environments/eu", "prompts/support"):
        (tmp_path / "repo" / folder).mkdir(parents=True)
    (tmp_path / "repo/configs/environments/local.yaml").touch()
    (tmp_path / "repo/configs/environments/eu/prod.yaml").touch()
    return tmp_path / "repo"


def test_the_repository_is_found_from_a_folder_within(root: Path) -> None:
    assert locate(root / "prompts" / "support", {}) == Workspace(root, root / ".mooring")


def test_the_repository_of_the_door_is_the_last_resort(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert locate(tmp_path / "elsewhere", {"MOORING_HOME": str(root)}).root == root


def test_state_can_be_elsewhere(root: Path, tmp_path: Path) -> None:
    assert locate(root, {"MOORING_STATE": str(tmp_path / "s")}).of("local") == tmp_path / "s" / "local"


@pytest.mark.parametrize("start", ["nowhere", "."])
def test_no_repository_is_one_line(start: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no repository here"):
        locate(tmp_path / start, {})


def test_environments_are_named_by_their_path(root: Path) -> None:
    assert locate(root, {}).environments() == ["eu/prod", "local"]


def test_an_unknown_environment_is_refused_with_the_nearest(root: Path) -> None:
    with pytest.raises(
        UsageError, match=r"no environment 'locl'; did you mean 'local'\? \(there are: eu/prod, local\)"
    ):
        locate(root, {}).known("locl")


def test_an_environment_that_left_git_is_known_by_its_ledger(root: Path) -> None:
    place = locate(root, {})
    place.of("old").mkdir(parents=True)
    (place.of("old") / "ledger.db").touch()
    assert place.known("old") == "old"


def test_a_name_cannot_lead_out_of_the_state_folder(root: Path) -> None:
    with pytest.raises(UsageError, match="no environment"):
        locate(root, {}).known("../..")
