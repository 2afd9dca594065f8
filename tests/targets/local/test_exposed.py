"""Without keys nobody from other machines is answered, whatever a document or a command line says."""

import stat
from pathlib import Path

import pytest

from mooring.errors import Stopped
from mooring.spec import Environment
from tests.targets.local.conftest import House, open_house

pytestmark = pytest.mark.slow

ACCESS = {"tenants": [{"name": "shop"}], "keys": [], "issuers": []}


def everywhere(release, **more):
    return release("open", **{"environment.target.listen": "0.0.0.0:0"} | more)


def test_a_release_without_access_is_not_staged_behind_an_open_socket(tmp_path: Path, release) -> None:
    house = open_house(tmp_path, everywhere(release))
    try:
        with pytest.raises(Stopped, match="asks nobody for a key"):
            house.deploy(everywhere(release))
        assert house.local.facts().live is None
    finally:
        end(house)


def test_with_access_it_is(tmp_path: Path, release) -> None:
    with_keys = everywhere(release, **{"environment.access": ACCESS})
    house = open_house(tmp_path, with_keys)
    try:
        house.deploy(with_keys)
        assert house.live
    finally:
        end(house)


def moved(house: House, release) -> None:
    """The environment's document says another address now."""
    data = release.content.environment.model_dump(mode="json") | {"target": {"type": "local", "listen": "0.0.0.0:0"}}
    house.local._environment = Environment.model_validate(data)


def test_a_release_that_was_live_on_loopback_does_not_come_back_on_an_open_socket(tmp_path: Path, release) -> None:
    closed = release("closed")
    house = open_house(tmp_path, closed)
    house.deploy(closed)
    house.local.down()
    moved(house, closed)
    house.local.ensure()
    try:
        assert house.local.facts().live is None
        assert "asks nobody for a key" in "".join(house.local.logs("supervisor"))
    finally:
        end(house)


def test_an_environment_moves_from_loopback_to_keys_and_an_open_socket(tmp_path: Path, release) -> None:
    closed, keyed = release("closed"), release("keyed", **{"environment.access": ACCESS})
    house = open_house(tmp_path, closed)
    house.deploy(closed)
    house.deploy(keyed)
    assert house.local.facts().warm()
    house.local.down()
    moved(house, keyed)
    house.local.ensure()
    try:
        live = house.local.facts().live
        assert live
        assert live.digest == keyed.digest
        assert house.local.facts().warm() is None
    finally:
        end(house)


def test_state_is_its_owners_alone_and_an_open_folder_is_put_right(tmp_path: Path, release) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    state.chmod(0o755)
    (state / "runs.db").write_bytes(b"")
    (state / "runs.db").chmod(0o644)
    house = open_house(tmp_path, release("private"))
    try:
        house.deploy(release("private"))
        modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (state, *state.rglob("*"))}
        assert not {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077}
    finally:
        end(house)


def end(house: House) -> None:
    house.ledger.close()
    house.local.down()
