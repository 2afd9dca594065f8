"""The process in a pod: real ones, each at an address of its own, on a real PostgreSQL."""

import asyncio
import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.release.release import Release
from mooring.state.records import pods as records
from mooring.targets.kubernetes import last_words, names
from tests.postgres import Cluster
from tests.targets.kubernetes.loopback import TOKEN, VARIABLE, Pods, opened, until

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


@pytest.fixture(scope="module")
def pods(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    with opened(cluster.fresh(), tmp_path_factory.mktemp("pods"), "local") as made:
        yield made


@pytest.fixture(scope="module")
def one(pods: Pods, release: Make) -> Release:
    made = release("one", **{"environment.database": {"secretRef": f"env:{VARIABLE}"}})
    pods.put(made)
    return made


def totals(pods: Pods, there: list[str] | None = None, said: Any = ()) -> dict[str, int]:
    rows = pods.rows()
    now = pods.link().read(lambda statements: statements.now())
    return records.totals(rows, now, said, there)["blue"].counts


def test_a_pod_serves_the_release_from_the_database_from_the_moment_that_it_is_ready(pods: Pods, one: Release) -> None:
    pod = pods.ready(one.digest)
    assert pod.get("/who")[:2] == (200, {"slot": "blue", "digest": one.digest})
    row = until(lambda: pods.row(pod))
    assert (row.digest, row.slot, row.ended) == (one.digest, "blue", None)
    assert pod.end() == 0
    ended = pods.row(pod)
    assert ended
    assert ended.ended
    assert ended.received == ended.answered >= 1


def test_the_admin_door_tells_nothing_without_the_token(pods: Pods, one: Release) -> None:
    pod = pods.ready(one.digest)
    for token in ("", "open sesam", "open sesame!", TOKEN.upper()):
        status, said = pod.admin("/health", token=token)
        assert (status, "digest" in said) == (401, False)
    assert pod.get("/health", port=names.ADMIN)[0] == 401
    status, health = pod.admin("/health")
    assert (status, health["digest"], health["ready"]) == (200, one.digest, True)
    assert pod.admin("/config")[1]["digest"] == one.digest
    assert pod.admin("/probe", {"agent": "support", "say": "hi"})[1] == {"answer": "support looks up your order"}
    assert pod.admin("/nothing")[0] == 404
    assert pod.get("/health", port=names.HTTP)[0] == 404
    pod.kill()


def test_the_admin_door_bounds_what_it_reads(pods: Pods, one: Release) -> None:
    pod = pods.ready(one.digest)
    with socket.create_connection((pod.ip, names.ADMIN), timeout=10) as client:  # refused before its body is read
        client.sendall(b"POST /probe HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert b" 401 " in client.recv(4096)
    with socket.create_connection((pod.ip, names.ADMIN), timeout=10) as client:
        head = f"POST /probe HTTP/1.1\r\nHost: x\r\n{names.ADMIN_HEADER}: {TOKEN}\r\nContent-Length: 99999999\r\n\r\n"
        client.sendall(head.encode())
        answered: list[bytes] = []
        reader = threading.Thread(target=lambda: answered.append(client.recv(4096)))
        reader.start()
        try:
            for _ in range(9):
                client.sendall(bytes(2**20))
        except OSError:
            pass  # it does not read to the end of what is too long
        reader.join(10)
        assert b" 413 " in answered[0]
    assert pod.admin("/probe", [1])[0] == 400
    assert pod.admin("/health")[0] == 200
    pod.kill()


def test_a_killed_pod_has_lost_what_it_had_in_flight_and_a_replaced_container_knows_it_exactly(
    pods: Pods, one: Release
) -> None:
    before = totals(pods)
    pod = pods.ready(one.digest)
    for _ in range(3):
        pod.get("/who")
    hanging = [threading.Thread(target=_quietly, args=(lambda: pod.get("/who?sleep=30"),)) for _ in range(2)]
    for each in hanging:
        each.start()
    until(lambda: (row := pods.row(pod)) and row.in_flight == 2)
    pod.kill()
    gone = totals(pods, there=[])
    assert gone["lost"] - before["lost"] == 2
    assert gone["in_flight"] == 0
    assert gone["received"] == gone["answered"] + gone["failed"] + gone["abandoned"] + gone["lost"]
    counted = totals(pods, there=[pod.uid])  # while it is there, it may merely be silent
    assert (counted["lost"] - before["lost"], counted["in_flight"]) == (0, 2)
    pod.again()
    until(pod.ready, 90)
    until(lambda: len([row for row in pods.rows() if row.uid == pod.uid]) == 2)
    first = next(row for row in pods.rows() if row.uid == pod.uid and row.ended)
    assert (first.lost, first.in_flight, first.answered >= 3) == (2, 0, True)
    assert totals(pods, there=[pod.uid])["lost"] - before["lost"] == 2
    pod.kill()


def _quietly(work: Callable[[], Any]) -> None:
    with contextlib.suppress(OSError):
        work()


def test_a_pod_that_ends_answers_what_is_under_way_and_what_still_comes(pods: Pods, one: Release) -> None:
    pod = pods.ready(one.digest)
    answers: list[tuple[int, str]] = []
    errors: list[str] = []

    async def client(number: int, ending: asyncio.Event) -> None:
        """With keep-alive, until it is told that the connection ends; then it has gone elsewhere."""
        try:
            reader, writer = await asyncio.open_connection(pod.ip, names.HTTP)
            while True:
                writer.write(b"GET /who?sleep=0.05 HTTP/1.1\r\nHost: shop\r\n\r\n")
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
                answers.append((int(head.split()[1]), "close" if "connection: close" in head else "keep"))
                if answers[-1][1] == "close":
                    return
        except (OSError, EOFError) as error:
            errors.append(repr(error))

    async def play() -> None:
        ending = asyncio.Event()
        clients = [asyncio.create_task(client(number, ending)) for number in range(12)]
        slow = asyncio.create_task(asyncio.to_thread(pod.get, "/who?sleep=3"))
        await asyncio.sleep(0.5)
        pod.running.terminate()
        await asyncio.sleep(0.2)
        late = await asyncio.to_thread(pod.get, "/who")  # whoever was not told yet
        assert (late[0], late[2]["connection"]) == (200, "close")
        await asyncio.gather(*clients)
        assert (await slow)[0] == 200

    asyncio.run(play())
    assert pod.running.wait(60) == 0
    assert errors == []
    assert {status for status, _connection in answers} == {200}
    assert sum(kept == "close" for _status, kept in answers) == 12
    row = pods.row(pod)
    assert row
    assert (row.lost, row.in_flight, row.failed) == (0, 0, 0)
    assert row.received == row.answered


def test_clients_of_a_slot_that_lost_the_traffic_are_told_to_connect_again(pods: Pods, one: Release) -> None:
    pod = pods.ready(one.digest)
    assert pod.admin("/accept", {"on": False}) == (200, {"accepting": False})
    with socket.create_connection((pod.ip, names.HTTP), timeout=10) as client:
        client.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"connection: close" in client.recv(4096).lower()
    assert pod.admin("/accept", {"on": True}) == (200, {"accepting": True})
    with socket.create_connection((pod.ip, names.HTTP), timeout=10) as client:
        client.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"connection: close" not in client.recv(4096).lower()
    pod.kill()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({VARIABLE: ""}, "the variable STATE_URL with the database's URL is not set"),
        ({names.DATABASE: ""}, "the variable MOORING_DATABASE is not set"),
        ({names.ADMIN_TOKEN: ""}, "the variable MOORING_ADMIN_TOKEN is not set"),
        ({VARIABLE: "postgresql://nobody:secret@127.0.0.1:1/none"}, "the database cannot be reached"),
    ],
)
def test_the_last_words_of_a_pod_that_is_set_up_wrongly(
    pods: Pods, one: Release, environ: dict[str, str], words: str
) -> None:
    code, said = pods.words(one.digest, **environ)
    assert code == 1
    assert words in said
    assert "secret@" not in said


def test_the_last_words_for_a_release_that_is_unknown_or_tampered_with_or_cannot_run(pods: Pods, release: Make) -> None:
    nobody = f"sha256:{'0' * 64}"
    assert pods.words(nobody) == (1, f"pod: no release {nobody} in the database")
    unready = release("unready", **{"environment.database": {"secretRef": f"env:{VARIABLE}"}})
    pods.put(unready)
    assert pods.words(unready.digest) == (1, "pod: never")
    changed = release("changed", **{"environment.database": {"secretRef": f"env:{VARIABLE}"}})
    pods.put(changed)
    content = json.dumps({"a": 1})
    pods.link().write(
        lambda statements: statements(
            "update releases set content = :content where digest = :digest",
            content=content.encode(),
            digest=changed.digest,
        )
    )
    code, said = pods.words(changed.digest)
    assert (code, "something else under the name of release" in said) == (1, True)


def test_last_words_are_one_line_where_the_kubelet_reads_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, before = tmp_path / "termination-log", logging.root.manager.disable
    last_words.say("cannot\nstart", log)
    assert not log.exists()  # outside of a container there is none
    log.touch()
    last_words.say("cannot\nstart: key sk-" + "a1B2" * 12, log)
    assert log.read_text().startswith("cannot start")
    assert "a1B2a1B2" not in log.read_text()
    assert log.read_text().count("\n") == 1
    logging.getLogger("x").critical("closing what was half open")
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["pod", "pod"]
    logging.disable(before)


def test_a_pod_that_the_database_left_alone_serves_on_and_counts_again_later(
    pods: Pods, one: Release, cluster: Cluster
) -> None:
    pod = pods.ready(one.digest)
    until(lambda: pods.row(pod))
    cluster.pause()
    try:
        start = time.monotonic()
        assert [pod.get("/who")[0] for _ in range(20)] == [200] * 20
        assert time.monotonic() - start < 5
    finally:
        cluster.resume()
    until(lambda: (row := pods.row(pod)) and row.received >= 20, 30)
    pod.kill()
