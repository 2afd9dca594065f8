"""`moor memory`: what is remembered of whom, and how it is forgotten."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.state.place.address import Address
from mooring.state.records import tombstones
from mooring.state.runs import memories
from mooring.state.runs.memories import Choice, Limits, Memory, Owner
from mooring.state.transactions import Transactions
from tests.postgres import Cluster

LIMITS = Limits(100, 100_000, 86400.0)
SAID = {
    "Wears size M.": Owner("shop", "ann", "people"),
    "喜欢蓝色。": Owner("shop", "ann", "people"),
    "Lives in Hull.": Owner("shop", "bob", "people"),
    "Has a dog.": Owner("bank", "ann", "people"),
}


def fill(database: Transactions) -> None:
    for number, (text, owner) in enumerate(SAID.items()):
        memory = Memory.new(owner, text, ("support", "sha256:1", "run_1"), time.time() - 60 + number, LIMITS.seconds)
        database.write(partial(memories.remember, memory=memory, limits=LIMITS))


def texts(database: Transactions) -> set[str]:
    return {memory.text for memory in database.read(lambda connection: memories.chosen(connection, Choice(), 100))}


@pytest.fixture
def database(repo: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Transactions]:
    """The database of environment local, in a folder that has it alone."""
    monkeypatch.chdir(repo.root)
    opened = Transactions(f"sqlite:///{repo.root / '.mooring/local/state.db'}")
    fill(opened)
    yield opened
    opened.close()


def test_owners_are_listed_and_a_users_memories_with_where_they_are_from(database: Any, moor: Any) -> None:
    table = moor("memory", "list", "local").out
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["bank", "ann", "people", "1", "10"],
        ["shop", "ann", "people", "2", "28"],
        ["shop", "bob", "people", "1", "14"],
    ]
    told = moor("memory", "list", "local", "--tenant", "shop", "--user", "ann", "--json").json
    assert [memory["text"] for memory in told["memories"]] == ["喜欢蓝色。", "Wears size M."]
    assert told["memories"][0].keys() == {
        "id", "tenant", "user", "space", "agent", "release", "run", "written", "until", "text",
    }  # fmt: skip
    assert told["indexed"] is True
    assert len(moor("memory", "list", "local", "--user", "ann", "--limit", "1").out.splitlines()) == 2


def test_a_dry_run_says_what_would_go_and_nothing_goes(database: Transactions, moor: Any) -> None:
    said = moor("memory", "forget", "local", "--user", "ann", "--dry-run")
    assert said.out.splitlines()[-1] == "would forget 3 memories of 2 users"
    assert texts(database) == set(SAID)


def test_nobody_is_forgotten_without_a_yes(database: Transactions, moor: Any) -> None:
    refused = moor("memory", "forget", "local", "--user", "ann")
    assert (refused.code, refused.error) == (2, "nobody is there to be asked")
    assert moor("memory", "forget", "local", "--yes").error == "say whose memories are to be forgotten"
    assert "is no id" in moor("memory", "forget", "local", "--id", "ann", "--yes").error
    assert texts(database) == set(SAID)


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        (("--tenant", "shop", "--user", "ann"), {"Lives in Hull.", "Has a dog."}),
        (("--user", "ann"), {"Lives in Hull."}),
        (("--tenant", "shop"), {"Has a dog."}),
        (("--tenant", "shop", "--user", "nobody"), set(SAID)),
    ],
)
def test_what_is_forgotten_is_gone_and_stays_gone_after_a_restore(
    database: Transactions, moor: Any, chosen: tuple[str, ...], left: set[str]
) -> None:
    told = moor("memory", "forget", "local", *chosen, "--yes", "--json").json
    assert told["forgotten"] == told["found"] == len(SAID) - len(left)
    assert texts(database) == left
    fill(database)  # as a copy from before has it
    database.write(tombstones.apply)
    assert texts(database) == left


def test_one_memory_is_forgotten_by_its_id(database: Transactions, moor: Any) -> None:
    (id_,) = (memory["id"] for memory in moor("memory", "list", "local", "--user", "bob", "--json").json["memories"])
    assert moor("memory", "forget", "local", "--id", id_, "--yes").out.splitlines()[-1].startswith("forgot 1 memory;")
    assert texts(database) == set(SAID) - {"Lives in Hull."}


def test_where_nothing_was_ever_kept_nothing_is_made(repo: Any, moor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.root)
    assert moor("memory", "list", "local").out == "nothing is remembered\n"
    assert "no database yet" in moor("memory", "forget", "local", "--user", "ann", "--yes").error
    assert not list(Path(repo.root).rglob("state.db"))


def test_a_server_without_the_extension_is_said_to_be_one(
    repo: Any, moor: Any, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    document = Path(repo.root) / "configs/environments/local.yaml"
    document.write_text(document.read_text() + "database: {secretRef: env:STATE_URL}\n")
    monkeypatch.chdir(repo.root)
    assert "STATE_URL is not set" in moor("memory", "list", "local").error
    url = cluster.fresh()
    monkeypatch.setenv("STATE_URL", url)
    assert moor("memory", "list", "local", "--json").json["indexed"] is True
    admin = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        connection.exec_driver_sql("drop index mooring_local.memories_search")
    admin.dispose()
    said = moor("memory", "list", "local")
    assert said.code == 0
    assert "no pg_trgm" in said.err


@pytest.mark.slow
def test_memories_move_to_a_server_and_back_and_are_found_there(
    database: Transactions, repo: Any, moor: Any, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    url = cluster.fresh()
    monkeypatch.setenv("STATE_URL", url)
    database.close()
    ann = Owner("shop", "ann", "people")

    def found(opened: Transactions) -> list[str]:
        said = [
            opened.read(partial(memories.recall, owner=ann, query=query, most=1, now=0.0)) for query in ("size", "蓝")
        ]
        opened.close()
        return [memory.text for each in said for memory in each]

    assert moor("state", "move", "local", "--to", "env:STATE_URL").code == 0
    assert found(Transactions(Address(url, "local"))) == ["Wears size M.", "喜欢蓝色。"]
    assert moor("state", "move", "local", "--to", "sqlite").code == 0
    assert found(Transactions(f"sqlite:///{repo.root / '.mooring/local/state.db'}")) == ["Wears size M.", "喜欢蓝色。"]
