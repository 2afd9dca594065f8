"""Where an environment's state is does not change unless somebody says so, whatever becomes of its document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.state.place.location import Location, deployed, kept, known, locate, recorded

Edit = Callable[[dict[str, Any]], ReleaseContent]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "configs/environments/eu").mkdir(parents=True)
    write(tmp_path, "database:\n  secretRef: env:STATE_URL\n")
    return tmp_path


def write(root: Path, text: str) -> None:
    (root / "configs/environments/eu/prod.yaml").write_text(text)


def of(root: Path) -> Location:
    return locate(root, "eu/prod", root / "state/eu/prod")


def test_it_is_where_the_document_says(root: Path) -> None:
    found = of(root)
    assert (found.variable, str(found)) == ("STATE_URL", "PostgreSQL ($STATE_URL)")
    assert found.address({"STATE_URL": "postgresql://me@host/app"}).schema == "mooring_eu/prod"
    write(root, "description: no database\n")
    assert str(of(root)) == str(root / "state/eu/prod/state.db")


def test_the_variable_is_named_and_its_value_never_shown(root: Path) -> None:
    with pytest.raises(LookupError, match="environment variable STATE_URL is not set"):
        of(root).address({})
    of(root).remember()
    assert json.loads((root / "state/eu/prod/database.json").read_text()) == {"secretRef": "env:STATE_URL"}
    assert (root / "state/eu/prod/database.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text", ["{", "a string", "database: 3\n", "database:\n  secretRef: plain\n", "database: {}\n"]
)
def test_a_document_that_does_not_say_it_is_no_empty_file(root: Path, text: str) -> None:
    before = of(root)
    write(root, text)
    with pytest.raises(UsageError, match=r"prod\.yaml cannot be read, and says where the state of eu/prod is"):
        of(root)
    before.remember()
    assert of(root) == before


def test_what_the_folder_remembers_counts_until_a_deployment_differs(root: Path, edit: Edit) -> None:
    of(root).remember()
    state = root / "state/eu/prod"
    same = edit({"environment.name": "eu/prod", "environment.database": {"secretRef": "env:STATE_URL"}}).environment
    other = edit({"environment.name": "eu/prod", "environment.database": None}).environment
    assert locate(root, same, state) == of(root)
    assert deployed(state, other) == of(root), "a slot of an older release finds what was moved since"
    with pytest.raises(Refused, match=r"keeps its state in PostgreSQL \(\$STATE_URL\), its document says .*state\.db"):
        locate(root, other, state)


def test_a_second_opinion_does_not_count(root: Path) -> None:
    of(root).remember()
    Location(root / "state/eu/prod", "eu/prod").remember()
    assert of(root).variable == "STATE_URL"


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"secretRef": 3}', '{"secretRef": "plain"}', '{"secretRef": "env:"}']
)
def test_a_record_that_nobody_wrote_is_said(root: Path, text: str) -> None:
    state = root / "state/eu/prod"
    state.mkdir(parents=True)
    (state / "database.json").write_text(text)
    with pytest.raises(Failed, match="does not say where the state is") as failed:
        recorded(state, "eu/prod")
    assert failed.value.reason is Reason.STORAGE


@pytest.mark.parametrize("name", ["database.json", "state.db", "ledger.db"])
def test_an_environment_is_known_by_any_trace_of_a_ledger(root: Path, name: str) -> None:
    state = root / "state/eu/prod"
    state.mkdir(parents=True)
    assert (kept(state), list(known(root / "state"))) == (False, [])
    (state / name).touch()
    assert (kept(state), list(known(root / "state"))) == (True, ["eu/prod"])
