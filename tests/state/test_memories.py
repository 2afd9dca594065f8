"""What is remembered of one user is found by what it says, is bounded, and is found by nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.state.copies import sqlite
from mooring.state.records import tombstones
from mooring.state.runs import memories
from mooring.state.runs.memories import Choice, Limits, Memory, Owner
from mooring.state.transactions import Transactions

ANN, BOB = Owner("acme", "ann", "people"), Owner("acme", "bob", "people")
DAY = 86400.0
ROOMY = Limits(500, 262_144, 365 * DAY)


class Kept:
    """The memories of a database; `say` is a minute after the one before."""

    def __init__(self, url: str) -> None:
        self.database = Transactions(url)
        self.now = 1_000_000.0

    def say(self, text: str, owner: Owner = ANN, limits: Limits = ROOMY, run: str = "run_1") -> Memory:
        self.now += 60
        memory = Memory.new(owner, text, ("helper", "sha256:1", run), self.now, limits.seconds)
        self.database.write(lambda connection: memories.remember(connection, memory, limits))
        return memory

    def find(self, query: str, owner: Owner = ANN, most: int = 5) -> list[str]:
        found = self.database.read(lambda connection: memories.recall(connection, owner, query, most, self.now))
        return [memory.text for memory in found]

    def forget(self, choice: Choice) -> int:
        return self.database.write(lambda connection: memories.forget(connection, choice, self.now))

    def all(self, choice: Choice | None = None) -> list[Memory]:
        return self.database.read(lambda connection: memories.chosen(connection, choice or Choice(), 1000))


@pytest.fixture
def kept(database_url: str) -> Iterator[Kept]:
    made = Kept(database_url)
    yield made
    made.database.close()


SAID = (
    "Prefers blue shirts in size M.",
    "Lives in Zürich and works at night.",
    "用户喜欢蓝色的衬衫,尺码是中号。",
    "家住上海,对花生过敏。",
    "ナッツのアレルギーがあります。",
    "Has a dog named Ada.",
)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("what size of shirt?", 0),
        ("colour preference", 0),
        ("ZÜRICH", 1),
        ("zu", None),
        ("喜欢", 2),
        ("用户喜欢什么颜色的衬衫?", 2),
        ("尺码", 2),
        ("猫", None),
        ("家", 3),
        ("过敏", 3),
        ("花生过敏吗", 3),
        ("アレルギー", 4),
        ("allergy", None),
        ("ada", 5),
        ("ADA", 5),
    ],
)
def test_a_memory_is_found_by_its_words_in_any_language(kept: Kept, query: str, expected: int | None) -> None:
    for text in SAID:
        kept.say(text)
    assert kept.find(query, most=1) == ([] if expected is None else [SAID[expected]])


STRANGE = ('"', "'", "%", "_", "a AND", "owner : x", "NEAR(a b)", "*", "(", "\\", "😀", "x'; drop table memories")


def test_short_and_strange_queries_do_no_harm(kept: Kept) -> None:
    kept.say("100% of it_is a\\b \"quoted\" 'x' OR NOT near")
    for query in STRANGE:
        kept.find(query)
    assert kept.find("100") == kept.find('"quoted" OR') == [memory.text for memory in kept.all()]


def test_without_words_the_newest_are_found(kept: Kept) -> None:
    for text in SAID:
        kept.say(text)
    assert kept.find("", most=2) == kept.find("  ?!", most=2) == [SAID[5], SAID[4]]


@pytest.mark.parametrize(
    "other",
    [BOB, Owner("acme", "ann", "other"), Owner("other", "ann", "people"), Owner("", "ann", "people")],
    ids=["user", "space", "tenant", "no tenant"],
)
def test_what_is_another_ones_is_never_found(kept: Kept, other: Owner) -> None:
    kept.say("Prefers blue shirts.")
    kept.say("喜欢蓝色")
    for query in ("blue shirts", "喜欢", "蓝", ""):
        assert kept.find(query, other) == []
        assert len(kept.find(query)) > 0


def test_the_same_text_again_is_the_same_memory_from_now_on(kept: Kept) -> None:
    first, second = kept.say("Likes tea.", run="run_1"), kept.say("Likes tea.", run="run_2")
    (memory,) = kept.all()
    assert (memory.id, memory.run, memory.written) == (first.id, "run_2", second.written)
    assert kept.say("Likes tea.", BOB).id != first.id


def test_each_memory_says_who_wrote_it_when_and_until_when(kept: Kept) -> None:
    written = kept.say("Likes tea.", limits=Limits(500, 262_144, 30 * DAY))
    (memory,) = kept.all()
    assert (memory.agent, memory.release, memory.run) == ("helper", "sha256:1", "run_1")
    assert (memory.written, memory.keep_until) == (kept.now, kept.now + 30 * DAY)
    assert memory == written


def test_the_oldest_make_room_for_more_than_may_be(kept: Kept) -> None:
    for number in range(8):
        kept.say(f"Fact {number}.", limits=Limits(5, 262_144, DAY))
    kept.say("Fact 0.", BOB)
    assert kept.find("", most=50) == [f"Fact {number}." for number in (7, 6, 5, 4, 3)]
    assert kept.find("", BOB) == ["Fact 0."]


def test_the_oldest_make_room_for_more_bytes_than_may_be(kept: Kept) -> None:
    for number in range(8):
        kept.say(f"{number}{'é' * 50}", limits=Limits(500, 350, DAY))
    assert [text[0] for text in kept.find("", most=50)] == ["7", "6", "5"]


def test_what_is_too_old_is_neither_found_nor_kept(kept: Kept) -> None:
    kept.say("Likes tea.", limits=Limits(500, 262_144, DAY))
    kept.now += 2 * DAY
    assert kept.find("tea") == []
    kept.say("Likes coffee.", BOB)
    assert [memory.text for memory in kept.all()] == ["Likes coffee."]


def test_what_was_forgotten_is_gone_from_the_search_too(kept: Kept) -> None:
    for owner in (ANN, BOB):
        for text in SAID:
            kept.say(text, owner)
    assert kept.forget(Choice(user="ann")) == len(SAID)
    assert kept.find("shirt") == kept.find("家") == []
    assert kept.find("shirt", BOB) == [SAID[0]]
    kept.say("Likes tea.")
    assert kept.find("tea") == ["Likes tea."]


def test_one_memory_is_forgotten_by_its_id(kept: Kept) -> None:
    one, other = kept.say("Likes tea."), kept.say("Likes coffee.")
    assert kept.forget(Choice(ids=(one.id, "mem_x"))) == 1
    assert kept.all() == [other]


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (Choice("acme", "ann"), ["bob", "old ann elsewhere"]),
        (Choice(user="ann"), ["bob"]),
        (Choice("acme"), ["old ann elsewhere"]),
        (Choice(tenant=""), ["ann", "bob", "old ann elsewhere"]),
    ],
)
def test_what_was_forgotten_does_not_come_back_from_a_copy(kept: Kept, choice: Choice, left: list[str]) -> None:
    everyone = {"ann": ANN, "bob": BOB, "old ann elsewhere": Owner("other", "ann", "people")}
    copy = [(text, owner) for text, owner in everyone.items() for _ in range(2)]
    for text, owner in copy:
        kept.say(text, owner)
    kept.forget(choice)
    restored_at = kept.now
    for text, owner in copy:  # as an older copy has them
        kept.now = restored_at - 3600
        kept.say(text, owner)
    kept.now = restored_at
    kept.say("later", ANN)
    kept.database.write(tombstones.apply)
    assert {memory.text for memory in kept.all()} == {*left, "later"}


def test_owners_are_counted(kept: Kept) -> None:
    kept.say("Likes tea.")
    kept.say("Likes cake.")
    kept.say("ありがとう", BOB)
    found = kept.database.read(lambda connection: memories.owned(connection, Choice(tenant="acme")))
    assert found == [("acme", "ann", "people", 2, 21), ("acme", "bob", "people", 1, 15)]


def test_a_search_uses_the_index_of_its_engine(kept: Kept) -> None:
    kept.say("Likes tea.")
    assert kept.database.read(memories.indexed)
    asked: list[tuple[str, Any]] = []

    def explained(connection: sa.Connection) -> str:
        sa.event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        memories.recall(connection, ANN, "likes", 5, kept.now)
        if connection.dialect.name == "postgresql":
            # A table of one row is read faster without.
            connection.exec_driver_sql("set local enable_seqscan = off")
            connection.exec_driver_sql("set local enable_indexscan = off")
            connection.exec_driver_sql("drop index memories_owner, memories_keep_until")
        query, values = asked[0]
        how = "explain query plan" if connection.dialect.name == "sqlite" else "explain"
        return str(connection.exec_driver_sql(f"{how} {query}", values).all())

    told = kept.database.read(explained)
    assert "VIRTUAL TABLE INDEX" in told or "memories_search" in told, told


@pytest.fixture
def without_extension(cluster: object) -> str:
    url: str = cluster.fresh()  # type: ignore[attr-defined]
    admin = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    name = sa.make_url(url).database
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (
            "do $$ begin create role plain login; exception when duplicate_object then null; end $$",
            f"revoke create on database {name} from public",
            "create schema mooring authorization plain",
        ):
            connection.exec_driver_sql(statement)
    admin.dispose()
    return url.replace("mooring@", "plain@")


def test_without_the_right_to_create_the_extension_it_is_found_all_the_same(without_extension: str) -> None:
    kept = Kept(without_extension)
    for text in SAID:
        kept.say(text)
    assert kept.find("what size of shirt?", most=1) == [SAID[0]]
    assert kept.find("家") == [SAID[3]]
    assert not kept.database.read(memories.indexed)
    kept.database.close()


def test_rows_that_a_copy_brings_back_are_found_by_their_words(tmp_path: Path) -> None:
    was, now = Kept(f"sqlite:///{tmp_path / 'was.db'}"), Kept(f"sqlite:///{tmp_path / 'now.db'}")
    for text in SAID:
        was.say(text)
    now.database.read(memories.indexed)
    with sqlite.snapshot(tmp_path / "was.db", tmp_path) as copy:
        files = [(name, [data]) for name, data in copy.pieces("memory") if name.startswith("memories/")]
    assert sqlite.load(tmp_path / "now.db", tmp_path, files) == {"memories": len(SAID)}
    assert now.find("what size of shirt?", most=1) == [SAID[0]]
    assert now.find("过敏", most=1) == [SAID[3]]
    assert now.all() == was.all()
    for kept in (was, now):
        kept.database.close()
