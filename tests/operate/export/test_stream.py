"""The stream has every change within seconds, each once, whatever is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.errors import Failed, Refused
from mooring.operate.export.copying import copy
from mooring.operate.export.restore import choose
from mooring.operate.export.stream import Stream
from mooring.outcome import Reason
from mooring.state.place.address import Address
from mooring.state.records import changes, tombstones
from mooring.state.runs import turns
from mooring.state.transactions import Transactions
from tests.operate.export.conftest import Open, fill, said
from tests.operate.export.test_copying import back


@pytest.mark.slow
def test_what_came_after_the_copy_comes_back_too(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    source = opened(address)
    stream = Stream(source)
    progress = stream.begin()
    fill(address, 5)
    copy(source)
    fill(address, 5, each=2, first=3)
    progress, sent = stream.ship(progress)
    assert sent >= 10
    fill(address, 1, first=20)
    progress, _ = stream.ship(progress)
    back(source, another, tmp_path)
    assert said(another) == said(address)


@pytest.mark.slow
def test_what_was_deleted_stays_deleted(address: Address, another: Address, opened: Open, tmp_path: Path) -> None:
    source = opened(address)
    stream = Stream(source)
    progress = stream.begin()
    fill(address, 3)
    copy(source)
    database = Transactions(address)
    database.write(lambda connection: turns.delete(connection, "acme/c1"))
    database.close()
    stream.ship(progress)
    back(source, another, tmp_path)
    assert sorted(said(another)) == ["acme/c0", "acme/c2"]


@pytest.mark.slow
def test_what_was_forgotten_does_not_come_back_from_an_older_copy(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    source = opened(address)
    stream = Stream(source)
    progress = stream.begin()
    fill(address, 3)
    old = copy(source).manifests[0].id
    database = Transactions(address)

    def forget(name: str) -> None:
        def work(connection: sa.Connection) -> None:
            turns.delete(connection, name)
            tombstones.bury(connection, "conversation", name, time.time())

        database.write(work)

    forget("acme/c0")
    copy(source)
    forget("acme/c1")
    database.close()
    stream.ship(progress)
    back(source, another, tmp_path, upto=old)
    assert sorted(said(another)) == ["acme/c2"]


def test_a_segment_is_sent_once_by_a_process_that_is_killed_after_it(
    sqlite: Address, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(sqlite)
    stream = Stream(source)
    progress = stream.begin()
    fill(sqlite, 3)
    put = source.destination.put

    def killed(name: str, data: bytes, replace: bool = False) -> bool:
        put(name, data, replace)
        raise Failed(Reason.PROCESS, "killed")

    monkeypatch.setattr(source.destination, "put", killed)
    with pytest.raises(Failed, match="killed"):
        stream.ship(progress)
    monkeypatch.undo()
    resumed = Stream(source).begin()
    assert resumed.next == progress.next + 1
    assert Stream(source).ship(resumed)[1] == 0
    assert len(list(source.destination.list("stream"))) == 1


def test_a_segment_that_is_missing_is_named(sqlite: Address, opened: Open) -> None:
    source = opened(sqlite)
    stream = Stream(source)
    progress = stream.begin()
    copy(source)
    for number in range(3):
        fill(sqlite, 1, first=number)
        progress, _ = stream.ship(progress)
    second = list(source.destination.list("stream"))[1]
    source.destination.delete(second.name)
    with pytest.raises(Refused, match=r"segment 2 .* is missing") as refused:
        choose(source.destination)
    assert "--copy" in refused.value.fix


def test_after_a_week_alone_a_new_stream_begins(sqlite: Address, opened: Open) -> None:
    source = opened(sqlite)
    first = Stream(source, clock=lambda: time.time() - 8 * 86400).begin()
    fill(sqlite, 1)
    again = Stream(source).begin()
    assert again.epoch != first.epoch
    assert source.read(changes.waiting) == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_export_that_is_killed_again_and_again_ends_whole(
    address: Address, another: Address, opened: Open, tmp_path: Path
) -> None:
    fill(address, 24000, size=200)
    source = opened(address)
    code = (
        "import sys\nfrom pathlib import Path\nfrom mooring.operate.export.copying import copy\n"
        "from mooring.operate.export.source import Source\nfrom mooring.state.place.address import Address\n"
        "from tests.operate.export.conftest import document\n"
        "url, state, copies = sys.argv[1:]\n"
        "copy(Source('local', Address(url, 'local'), document(destination={'url': copies}), Path(state)))\n"
    )
    command = [sys.executable, "-c", code, address.url, str(tmp_path / "state"), (tmp_path / "copies").as_uri()]
    source.origin()
    database = Transactions(address)
    parts = 0
    for _ in range(3):
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "scripts:."})
        while process.poll() is None and len(list(source.destination.list("parts"))) <= parts:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -9
        parts = len(list(source.destination.list("parts")))
        with pytest.raises(Refused, match="exported by"):
            copy(source)
        database.write(lambda connection: connection.execute(sa.update(changes.EXPORTS).values(until=0.0)))
    database.close()
    there = {one.name for one in source.destination.list("parts")}
    made = copy(source)
    assert made.sent == len({part.mark for one in made.manifests for part in one.parts}) - len(there)
    back(source, another, tmp_path)
    assert said(another) == said(address)
