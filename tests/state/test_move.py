"""The state moves while it is used: all of it, once, and one place is in force wherever the mover is killed."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from mooring.state.engine.engine import engine
from mooring.state.link import Link
from mooring.state.moving import move as moving
from mooring.state.moving.move import Ends, Moved, move
from mooring.state.moving.tables import LOG
from mooring.state.place.address import Address, url_of
from mooring.state.runs import answers
from mooring.state.transactions import Transactions, Work
from mooring.state.unavailable import Unavailable, Unfit
from tests.postgres import Cluster


@pytest.fixture(params=["to-postgres", "to-sqlite"])
def ends(request: pytest.FixtureRequest, tmp_path: Path, cluster: Cluster) -> Ends:
    """A database with a ledger of one entry, and an empty one of the other engine."""
    environ = {"STATE_URL": cluster.fresh()}
    file = url_of(tmp_path / "state", None, "local", environ)
    server = url_of(tmp_path / "state", environ["STATE_URL"], "local", environ)
    there = Ends(file, server, "sqlite", "env:STATE_URL")
    if request.param == "to-sqlite":
        there = Ends(server, file, "env:STATE_URL", "sqlite")
    used = Transactions(there.source)
    used.write(
        lambda connection: connection.exec_driver_sql("insert into ledger values ('local', 1, '{}', 'before', 'after')")
    )
    used.close()
    return there


def back(ends: Ends) -> Ends:
    return Ends(ends.target, ends.source, ends.target_name, ends.source_name)


def put(key: str, text: str = "yes", saved: float = 1.0) -> Work[None]:
    return lambda connection: answers.put(connection, key, "", text, saved)


def found(where: Address | Transactions) -> dict[str, str]:
    """Every answer, at the place itself, in force or not."""
    if isinstance(where, Transactions):
        return where.read(_answers)
    made = engine(where)
    with made.connect() as connection:
        rows = _answers(connection)
    made.dispose()
    return rows


def _answers(connection: sa.Connection) -> dict[str, str]:
    return {
        key: text.decode() for key, text in connection.execute(sa.select(answers.ANSWERS.c.key, answers.ANSWERS.c.text))
    }


def quiet(_line: str) -> None: ...


@pytest.mark.slow
def test_all_goes_there_and_back_and_every_open_process_follows(ends: Ends) -> None:
    used, other = Transactions(ends.source), Link(ends.source)
    for number in range(1200):
        used.write(put(f"k{number}", f"grüezi {number}"))
    other.read(lambda statements: statements("select 1"))
    before = found(used)
    done = move(ends, quiet)
    assert done.rows
    assert (done.rows["answers"], done.rows["ledger"]) == (1200, 1)
    assert found(used) == before == found(ends.target)
    used.write(put("later"))
    assert "later" in found(ends.target)
    assert "later" not in found(ends.source)
    assert other.read(lambda statements: statements("select count(*) from answers")) == [(1201,)]
    assert move(ends, quiet) == Moved()
    again = move(back(ends), quiet)
    assert again.rows
    assert again.rows["answers"] == 1201
    used.write(put("home"))
    assert found(used).keys() == before.keys() | {"later", "home"} == found(ends.source).keys()
    with pytest.raises(sa.exc.DatabaseError), engine(ends.source).begin() as connection:
        connection.exec_driver_sql("delete from ledger")
    used.close()
    other.close()


@pytest.mark.slow
def test_nothing_is_lost_of_what_many_write_meanwhile(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BARRIER_SECONDS", 5.0)  # a machine that is busy with other tests
    used = Transactions(ends.source)
    for number in range(800):
        used.write(put(f"k{number}"))
    stop, written, waits = threading.Event(), dict[str, str](), list[float]()

    def write(name: str) -> None:
        mine, number = Transactions(ends.source), 0
        while not stop.is_set():
            number += 1
            key, begun = f"{name}{number % 40}", time.monotonic()
            while True:
                with suppress(Unavailable):
                    mine.write(put(key, str(number), float(number)))
                    break
            waits.append(time.monotonic() - begun)
            written[key] = str(number)
        mine.close()

    def forget(connection: sa.Connection) -> None:
        connection.exec_driver_sql("delete from answers where saved = 1.0 and substr(key, 1, 2) = 'k1'")

    writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    try:
        used.write(forget)
        done = move(ends, quiet)
        time.sleep(0.3)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert done.barrier_ms is not None
    assert max(waits) < 10
    now = found(ends.target)
    assert {key: now[key] for key in written} == written
    assert len([key for key in now if key.startswith("k")]) == 800 - 111
    used.close()


def killed(ends: Ends, at: int, work: Callable[[], object]) -> bool:
    """Moves in a process that is killed after its statement number `at`; whether it got that far."""
    if (child := os.fork()) == 0:
        seen = []

        @sa.event.listens_for(sa.Engine, "after_cursor_execute")
        def count(*told: object) -> None:
            seen.append(told)
            if len(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            work()
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def marked(where: Address) -> bool:
    """Whether a place says which environment it is for."""
    if where.file and not where.file.exists():
        return False
    made = engine(where)
    with made.connect() as connection:
        there = sa.inspect(connection).has_table("identity")
        there = there and connection.exec_driver_sql("select id from identity").first() is not None
    made.dispose()
    return there


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_wherever_the_mover_is_killed_one_place_is_in_force_and_the_next_one_finishes(ends: Ends) -> None:
    used = Transactions(ends.source)
    for number in range(3):
        used.write(put(f"k{number}"))
    used.close()
    at, arrived = 1, False
    while killed(ends, at, lambda: move(ends, quiet)):
        fresh = Transactions(ends.source)
        fresh.write(put(f"after{at}"))
        here, there = f"after{at}" in found(ends.source), False
        with suppress(Exception):
            there = f"after{at}" in found(ends.target)
        assert here != there, at
        if marked(ends.target):  # one that is still empty would become a database of its own
            direct = Transactions(ends.target)
            assert f"after{at}" in found(direct), at
            direct.close()
        fresh.close()
        if there:
            arrived = True
            break
        at += 7
    move(ends, quiet)
    last = Transactions(ends.source)
    assert {f"k{number}" for number in range(3)} <= found(last).keys()
    assert last.address == ends.target
    if not arrived:
        assert f"after{at - 7}" in found(last)
    last.close()
    with engine(ends.target).connect() as connection:
        assert not sa.inspect(connection).has_table(LOG)


@pytest.mark.slow
def test_a_move_does_not_read_all_rows_while_nobody_can_write(ends: Ends) -> None:
    """A database may be so large that counting it takes longer than anybody may wait."""
    used = Transactions(ends.source)
    for number in range(30):
        used.write(put(f"k{number}"))

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def slow(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "count(" in statement.lower():
            time.sleep(2 * moving.BARRIER_SECONDS)

    try:
        done = move(ends, quiet)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", slow)
    assert done.barrier_ms is not None
    assert done.barrier_ms < moving.BARRIER_SECONDS * 1000
    assert done.rows
    assert (done.rows["answers"], len(found(ends.target))) == (30, 30)
    used.close()


@pytest.mark.slow
def test_rows_are_counted_with_what_changed_meanwhile(ends: Ends) -> None:
    used = Transactions(ends.source)
    for number in range(30):
        used.write(put(f"k{number}"))

    def change(line: str) -> None:
        if line.startswith("verifying answers") or line == "switching":
            used.write(put(line))
            used.write(lambda connection: connection.exec_driver_sql("delete from answers where key in ('k1', 'k2')"))

    done = move(ends, change)
    assert done.rows
    assert done.rows["answers"] == len(found(ends.target)) == 30
    used.close()


@pytest.mark.parametrize("extra", [True, False])
def test_a_row_that_is_not_the_same_in_both_places_ends_the_move(ends: Ends, extra: bool) -> None:
    used = Transactions(ends.source)
    for number in range(3):
        used.write(put(f"k{number}"))

    def spoil(line: str) -> None:
        if line == "verifying answers":
            made = engine(ends.target)
            with made.begin() as connection:
                if extra:
                    answers.put(connection, "nobody's", "", "yes", 1.0)
                else:
                    connection.exec_driver_sql("delete from answers where key = 'k1'")
            made.dispose()

    with pytest.raises(Unavailable, match="rows of answers are not what they were"):
        move(ends, spoil)
    assert used.address == ends.source
    used.close()


@pytest.mark.slow
def test_a_process_that_comes_while_the_new_place_is_made_never_takes_it_for_its_own(ends: Ends) -> None:
    """It is sent to the place in force at whichever statement it comes; so also where an earlier move left tables."""
    used = Transactions(ends.source)
    used.write(put("k"))
    move(ends, quiet)
    move(back(ends), quiet)
    came: list[set[str]] = []
    asking = threading.local()

    @sa.event.listens_for(sa.Engine, "commit")
    def come(_connection: object) -> None:
        if getattr(asking, "now", False) or len(came) > 12:
            return
        asking.now = True
        direct = Transactions(ends.target)
        with suppress(Unavailable):
            came.append(set(direct.read(_answers)))
        direct.close()
        asking.now = False

    try:
        move(ends, quiet)
    finally:
        sa.event.remove(sa.Engine, "commit", come)
    assert came
    assert all(keys == {"k"} for keys in came)
    assert found(used).keys() == {"k"}
    used.close()


def test_somebodys_data_is_not_overwritten(ends: Ends) -> None:
    others = Transactions(replace(ends.target))
    others.write(put("theirs"))
    others.close()
    with pytest.raises(Unfit, match="holds the state of local already") as refused:
        move(ends, quiet)
    assert refused.value.fix
    assert found(ends.target) == {"theirs": "yes"}
    used = Transactions(ends.source)
    used.write(put("k"))
    assert used.address == ends.source
    used.close()


@pytest.mark.slow
def test_a_move_that_fails_leaves_the_old_place_as_it_was(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BARRIER_SECONDS", 0.0)
    used = Transactions(ends.source)
    used.write(put("k"))
    with pytest.raises(Unavailable):
        move(ends, quiet)
    with engine(ends.source).connect() as connection:
        assert not sa.inspect(connection).has_table(LOG)
    used.write(put("after"))
    assert found(ends.source).keys() == {"k", "after"}
    monkeypatch.setattr(moving, "BARRIER_SECONDS", 5.0)
    move(ends, quiet)
    assert found(used).keys() == {"k", "after"}
    used.close()


def test_a_process_that_does_not_know_the_new_place_says_so(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.fresh()
    file = url_of(tmp_path, None, "local", {})
    Transactions(file).write(put("k"))
    used = Transactions(file)
    used.write(put("k"))
    move(Ends(file, url_of(tmp_path, url, "local", {"STATE_URL": url}), "sqlite", "env:STATE_URL"), quiet)
    with pytest.raises(Unavailable, match="moved to env:STATE_URL, which is not set here") as refused:
        used.write(put("lost"))
    assert "set STATE_URL" in refused.value.fix
    assert "lost" not in found(file)
    with psycopg.connect(url) as connection:
        assert connection.execute("select key from mooring_local.answers").fetchall() == [("k",)]
    used.close()


@pytest.mark.slow
def test_another_machine_does_not_take_an_empty_file_of_its_own_for_the_new_place(
    tmp_path: Path, cluster: Cluster
) -> None:
    url = cluster.fresh()
    here, there = (url_of(tmp_path / name, url, "local", {"STATE_URL": url}) for name in ("here", "there"))
    used, other = Transactions(here), Transactions(there)
    used.write(put("k"))
    other.write(put("k"))
    move(Ends(here, url_of(tmp_path / "here", None, "local"), "env:STATE_URL", "sqlite"), quiet)
    for _ in range(2):
        with pytest.raises(Unfit, match="a file that is not on this machine") as refused:
            other.write(put("lost"))
        assert refused.value.fix
    used.write(put("kept"))
    assert found(used).keys() == {"k", "kept"}
    used.close()
    other.close()


@pytest.mark.slow
def test_a_long_transaction_is_waited_for_and_not_a_reason_to_give_up(ends: Ends) -> None:
    used, begun, told = Transactions(ends.source), threading.Event(), list[str]()

    def long(connection: sa.Connection) -> None:
        answers.put(connection, "long", "", "yes", 1.0)
        begun.set()
        time.sleep(1.5)

    def notify(line: str) -> None:
        if line == "switching" and line not in told:
            writer.start()
            begun.wait(5)
        told.append(line)

    writer = threading.Thread(target=used.write, args=(long,))
    move(ends, notify)
    writer.join()
    assert "long" in found(ends.target)
    used.close()
