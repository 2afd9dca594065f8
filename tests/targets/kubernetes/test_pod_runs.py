"""Real pods with a real release: their runs outlive them, their probes need no key, and they serve without a vendor."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.release import Release
from mooring.release.resolve import resolve
from tests.postgres import Cluster
from tests.repository import CONTENT
from tests.targets.kubernetes.loopback import VARIABLE, Pods, Process, opened, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

KEYS = {"OPENAI_API_KEY": "of-nobody", "ANTHROPIC_API_KEY": "of-nobody"}


class Vendor(ThreadingHTTPServer):
    """Says nothing to the first who asks it to wait, and answers the next; answers nobody while it is `down`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting = threading.Event()
        self.down = False


class _Handler(BaseHTTPRequestHandler):
    server: Vendor
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "wait" in str(sent["messages"][-1]["content"]) and not self.server.waiting.is_set():
            self.server.waiting.set()
            time.sleep(300)
        message = {"role": "assistant", "content": "The sky is blue."}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        said = {"id": "x", "object": "chat.completion", "created": 1, "model": sent["model"], "choices": choices}
        body = json.dumps(said | {"usage": usage}).encode()
        self.send_response(503 if self.server.down else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with Vendor() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def release(vendor: Vendor) -> Release:
    catalog, _findings = load(WorkTree(CONTENT))
    content = resolve(catalog, "local").content
    data = content.model_dump(mode="json")
    data["environment"] |= {"endpoints": "real", "database": {"secretRef": f"env:{VARIABLE}"}}
    data["environment"]["services"] = dict.fromkeys(data["environment"]["services"], "http://127.0.0.1:9")
    for model in data["models"].values():
        model["baseUrl"] = f"http://127.0.0.1:{vendor.server_port}/v1"
    return Release.of(type(content).model_validate(data))


@pytest.fixture(scope="module")
def pods(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, release: Release) -> Iterator[Pods]:
    with opened(cluster.fresh(), tmp_path_factory.mktemp("pods"), "local", light=False) as made:
        made.put(release)
        yield made


@pytest.fixture(scope="module")
def two(pods: Pods, release: Release) -> tuple[Process, Process]:
    first, second = pods.start(release.digest, **KEYS), pods.start(release.digest, **KEYS)
    for each in (first, second):
        until(each.ready, 180)
    return first, second


def ask(pod: Process, text: str) -> Any:
    body = {"model": "support", "messages": [{"role": "user", "content": text}]}
    return pod.get("/v1/chat/completions", body)


def read(pods: Pods, query: str) -> list[tuple[Any, ...]]:
    link = pods.link()
    try:
        return link.read(lambda statements: statements(query))
    finally:
        link.close()


def test_each_pod_is_an_executor_of_its_own_by_its_uid(pods: Pods, two: tuple[Process, Process]) -> None:
    found = {home for (home,) in read(pods, "select home from executors")}
    assert found == {each.uid.replace("-", "") for each in two}


def test_a_run_of_a_killed_pod_is_finished_by_another(pods: Pods, two: tuple[Process, Process], vendor: Vendor) -> None:
    first, second = two

    def asking() -> None:
        with suppress(OSError):
            ask(first, "please wait, and tell me the colour of the sky")

    threading.Thread(target=asking, daemon=True).start()
    assert vendor.waiting.wait(60)
    query = "select run, status, adopted, executor from parts order by created desc limit 1"
    [(run, _status, _adopted, executor)] = until(lambda: [row for row in read(pods, query) if row[1] == "running"])
    assert first.uid.replace("-", "") in executor
    first.kill()
    killed = time.monotonic()
    ended = until(lambda: [row for row in read(pods, query) if row[0] == run and row[1] == "done"], 60)
    print(f"adopted and done {time.monotonic() - killed:.1f} s after the kill")
    assert ended[0][2] == 1
    assert second.get(f"/runs/{run}")[1]["status"] == "done"
    until(lambda: len(read(pods, "select name from executors")) == 1, 30)  # the dead one's row is gone
    first.again()
    until(first.ready, 180)


def test_probes_need_no_key_and_a_vendor_that_is_down_makes_no_pod_unready(
    two: tuple[Process, Process], vendor: Vendor
) -> None:
    vendor.down = True
    try:
        for pod in two:
            for number in range(6):
                ask(pod, f"Which colour is the sky, for the {number}th time?")
            _status, _text, _headers = pod.get("/healthz")
            assert _status == 503  # people and alarms are told
            assert [pod.get(path)[0] for path in ("/startupz", "/livez", "/readyz", "/readyz?verbose")] == [200] * 4
    finally:
        vendor.down = False


def test_a_database_that_is_down_makes_no_pod_unready(two: tuple[Process, Process], cluster: Cluster) -> None:
    cluster.pause()
    try:
        time.sleep(3)
        assert [pod.get(path)[0] for pod in two for path in ("/livez", "/readyz")] == [200] * 4
    finally:
        cluster.resume()


def test_a_secret_that_is_missing_is_in_the_last_words(pods: Pods, release: Release) -> None:
    code, said = pods.words(release.digest, OPENAI_API_KEY="", ANTHROPIC_API_KEY="x")
    assert code == 1
    assert "environment variable OPENAI_API_KEY is not set" in said
