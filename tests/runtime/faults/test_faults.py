"""Each fault x each rung x {plain, streaming, tool call, durable}: who answers, in what time, and what is recorded."""

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.runtime.faults.rows import MODELS, Row, Rows, ill, release, rows, well
from tests.runtime.hosting import Serving

ROWS = rows()
AT_ONCE, WAITING_AT_ONCE = 3, 18
"""Rows at a time; of those that mostly wait, there may be more."""

HEADINGS = ("fault", "hits", "mode", "prepared", "answers", "within", "calls", "retries", "rescued", "cached", "ticket")


class Log(logging.Handler):
    """What each run put on record, by run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, dict[str, Any]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "run ended":
            self.runs[vars(record)["run"]] = vars(record)


@dataclass
class Seen:
    """What came of a row."""

    text: str
    rung: str
    finish: str
    seconds: float
    calls: list[int]
    record: dict[str, Any]


class Clients:
    """Ask the rows' questions of one server: all of a fault once the first is wanted, some at a time.

    Not all of all faults, of which another process of pytest may have been given a part.
    """

    def __init__(self, http: httpx2.Client, stub: Rows, log: Log) -> None:
        self.http, self.stub, self.log = http, stub, log
        self._found: dict[int, Future[Seen]] = {}
        self._busy, self._waiting = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(WAITING_AT_ONCE)

    def seen(self, row: Row) -> Seen:
        if row.number not in self._found:
            pool = self._waiting if row.fault.timeout else self._busy
            same = [other for other in ROWS if other.fault.name == row.fault.name]
            self._found |= {other.number: pool.submit(self.ask, other) for other in same}
        return self._found[row.number].result()

    def close(self) -> None:
        """Ends those that are not wanted any more."""
        for pool in (self._busy, self._waiting):
            pool.shutdown(cancel_futures=True)

    def ask(self, row: Row) -> Seen:
        stub = self.stub.by_marker[row.marker]
        if row.prepared == "saved":
            well(row, stub)
            assert self._said(row)[1] == "L0"
        ill(row, stub)
        before = [len(stub.asked(f"{model}-1")) for model in MODELS]
        started = time.monotonic()
        text, rung, finish, run = self._said(row)
        seconds = time.monotonic() - started
        calls = [len(stub.asked(f"{model}-1")) - had for model, had in zip(MODELS, before, strict=True)]
        return Seen(text, rung, finish, seconds, calls, self.log.runs[run])

    def _said(self, row: Row) -> tuple[str, str, str, str]:
        """Text, rung, finish reason and run."""
        if row.mode == "durable":
            body = {"message": row.question, "history": history(row)}
            run = self.http.post(f"/agents/{row.agent}/runs?wait=true", json=body).json()
            assert run["status"] == "done", run
            return run["answer"], run["rung"], "", run["id"]
        messages = [*history(row), {"role": "user", "content": row.question}]
        asked = {"model": row.agent, "messages": messages, "stream": row.mode == "streaming"}
        answer = self.http.post("/v1/chat/completions", json=asked)
        assert answer.status_code == 200, answer.text
        if row.mode != "streaming":
            choice, facts = answer.json()["choices"][0], answer.json()["mooring"]
            return choice["message"]["content"], facts["rung"], choice["finish_reason"], facts["run"]
        return streamed(answer.text)


def streamed(text: str) -> tuple[str, str, str, str]:
    """The same of one well-formed stream."""
    events = [line.removeprefix("data: ") for line in text.split("\n\n") if line.startswith("data: ")]
    assert events.pop() == "[DONE]"
    chunks = [json.loads(event) for event in events]
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    [finish] = [reason for chunk in chunks if (reason := chunk["choices"][0]["finish_reason"])]
    return said, chunks[-1]["mooring"]["rung"], finish, chunks[-1]["mooring"]["run"]


def history(row: Row) -> list[dict[str, str]]:
    """What was said before, where there must be something to trim."""
    pairs = [("user", "question " + "q" * 600), ("assistant", "answer " + "a" * 600)] * row.fault.history
    return [{"role": role, "content": content} for role, content in pairs]


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    log, logger = Log(), logging.getLogger("mooring.runtime")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.INFO)
    yield log
    logger.removeHandler(log)
    logger.setLevel(level)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, log: Log) -> Iterator[Callable[[Row], Seen]]:
    """What comes of rows that one server is asked."""
    stub = Rows(ROWS)
    vendors = Serving(stub.app()).start()
    with socket.socket() as taken:  # bound and not listening: who connects is refused
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        settings = Settings("blue", tmp_path_factory.mktemp("state"), None, {"KEY": "key"})
        serving = Serving(create_app(release(ROWS, vendors.url, nobody), settings)).start()
        clients = Clients(serving.http, stub, log)
        yield clients.seen
        clients.close()
        serving.stop()
    vendors.stop()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(seen: Callable[[Row], Seen], row: Row) -> None:
    it = seen(row)
    print(f"{it.rung} in {it.seconds:.2f} s")
    assert it.rung == row.answered
    assert row.calls in (it.calls, None)
    assert it.seconds < row.seconds
    record = it.record
    assert (record["rung"], record["retries"], record["rescued"]) == (row.answered, row.retries, row.rescued)
    assert (record["cached"] is not None) == (row.answered == "L3" and row.prepared == "saved")
    assert (record["ticket"] is not None) == row.ticket
    assert [call.split(": ")[1].split()[0] for call in record["tool_calls"]] == row.tools
    assert it.finish == ("length" if row.fault.name == "cut off (length)" and it.finish else it.finish and "stop")


def test_the_table(golden: Callable[[str, str], None]) -> None:
    lines = [HEADINGS, ["---"] * len(HEADINGS), *map(expected, ROWS)]
    golden("faults/table.md", "".join(f"| {' | '.join(cells)} |\n" for cells in lines))


def expected(row: Row) -> list[str]:
    """A row of the table as it is read."""
    calls = " ".join(map(str, row.calls)) if row.calls else "-"
    cached = "age" if row.answered == "L3" and row.prepared == "saved" else ""
    ticket = "ticket" if row.ticket else ""
    counts = [str(row.retries or ""), str(row.rescued or "")]
    prepared = row.prepared if row.hits == 3 and not row.same else ""
    return [
        row.fault.name,
        row.where,
        row.mode,
        prepared,
        row.answered,
        f"{row.seconds:g} s",
        calls,
        *counts,
        cached,
        ticket,
    ]
