"""Which previews there are, as long as their processes live."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mooring.operate.preview import record
from mooring.operate.preview.record import Preview


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as begun:
        yield psutil.Process(begun.pid)
        begun.kill()


@pytest.fixture
def kept(process: psutil.Process, tmp_path: Path) -> Preview:
    shown = Preview(
        "1a2b-1", "ours", "1a2b", "http://127.0.0.1:9", "ann", time.time() + 60, process.pid, process.create_time()
    )
    record.keep(tmp_path, shown)
    return shown


def test_those_that_serve_are_listed_the_next_one_to_end_first(kept: Preview, tmp_path: Path) -> None:
    sooner = replace(kept, id="1a2b-2", until=kept.until - 30)
    record.keep(tmp_path, sooner)
    assert record.every(tmp_path) == [sooner, kept]


def test_one_whose_process_was_killed_is_forgotten(kept: Preview, tmp_path: Path, process: psutil.Process) -> None:
    process.kill()
    process.wait()
    assert record.every(tmp_path) == []
    assert not record.path(tmp_path, kept.id).exists()


def test_another_process_of_the_same_number_is_not_taken_for_it(kept: Preview, tmp_path: Path) -> None:
    record.keep(tmp_path, replace(kept, started=kept.started - 3600))
    assert record.every(tmp_path) == []
    assert not record.end(replace(kept, started=kept.started - 3600))


def test_one_is_told_to_end_and_waited_for(kept: Preview, process: psutil.Process) -> None:
    assert record.end(kept)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not record.end(kept)


def test_a_file_that_says_something_else_is_no_preview(tmp_path: Path) -> None:
    file = record.path(tmp_path, "odd")
    file.parent.mkdir()
    file.write_text('{"id": "odd"}')
    assert record.every(tmp_path) == []
