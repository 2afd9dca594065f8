"""A slot says whether it can serve its release, and if not, why; never the value of a secret."""

import asyncio
import io
import json
import logging

import pytest

from mooring.release.release import Release
from mooring.runtime.core import logs
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.runtime.runtime import Runtime

KEYS = {"PRIMARY_KEY": "sk-1", "ALTERNATE_KEY": "sk-2", "SMALL_KEY": "sk-3"}


def changed(release: Release, kind: str, name: str, **fields) -> Release:
    """The release with fields of one document replaced."""
    documents = getattr(release.content, kind)
    document = documents[name].model_copy(update=fields)
    return Release.of(release.content.model_copy(update={kind: documents | {name: document}}))


def test_a_slot_that_can_answer_is_ready(serve):
    serving = serve()
    assert serving.http.get("/livez").json() == {"alive": True}
    ready = serving.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": []})


def test_it_is_not_ready_before_it_has_started(build, tmp_path):
    assert Runtime(build(), Settings("blue", tmp_path, None)).ready() == (False, ["not started"])


def test_missing_keys_are_named_but_never_shown(serve, build, tmp_path):
    ready = serve(build(endpoints="real"), environ=KEYS | {"SMALL_KEY": ""}).http.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["environment variable SMALL_KEY is not set"]
    assert "sk-" not in ready.text
    assert "sk-" not in repr(Settings("blue", tmp_path, None, KEYS))


def test_with_all_keys_real_endpoints_are_ready_and_not_marked_simulated(serve, build):
    ready = serve(build(endpoints="real"), environ=KEYS).http.get("/readyz")
    assert ready.status_code == 200
    assert "x-mooring-simulated" not in ready.headers


def test_a_release_that_cannot_be_served_never_becomes_ready(serve, build):
    release = build()
    system = release.content.prompts["support"].messages[0].model_copy(update={"content": "{{ message }}"})
    broken = changed(release, "prompts", "support", messages=(system, *release.content.prompts["support"].messages[1:]))
    serving = serve(broken)
    [reason] = serving.http.get("/readyz").json()["reasons"]
    assert reason.startswith("the release cannot be served: 'message' is undefined")
    assert serving.chat().json()["error"]["code"] == "release_unavailable"


def test_a_tool_without_a_service_is_a_reason(serve, build):
    release = build()
    environment = release.content.environment.model_copy(update={"services": {}})
    nowhere = Release.of(release.content.model_copy(update={"environment": environment}))
    assert "does not say where service 'shop' is" in serve(nowhere).http.get("/readyz").json()["reasons"][0]


def test_a_state_folder_that_cannot_be_written_is_a_reason_but_answers_go_on(serve, tmp_path):
    (tmp_path / "state").write_text("a file")
    serving = serve()
    assert serving.http.get("/readyz").json()["reasons"][0].startswith("runs cannot be stored now")
    assert serving.chat().status_code == 200
    answer = serving.http.post("/agents/support/runs", json={"message": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")


@pytest.mark.slow
def test_a_probe_asks_without_http(serve, stub, reply):
    stub.script("primary-1", reply("alive"))
    serving = serve()
    runtime, loop = serving.runtime, serving.loop
    assert asyncio.run_coroutine_threadsafe(runtime.runner.answer("support", "hi"), loop).result(5) == "alive"
    with pytest.raises(Problem):
        asyncio.run_coroutine_threadsafe(runtime.runner.answer("nobody", "hi"), loop).result(5)


@pytest.fixture
def lines():
    """What the runtime logs, as JSON lines."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logs.LOGGER.addHandler(handler)
    logs.LOGGER.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logs.LOGGER.removeHandler(handler)


def test_logs_have_run_ids_and_no_user_text(serve, stub, reply, lines):
    stub.script("primary-1", reply("the answer is private"))
    serving = serve()
    run = serving.chat("my question is private").headers["x-mooring-run"]
    serving.settled()
    [line] = [line for line in lines() if line["event"] == "run ended"]
    assert (line["run"], line["rung"], line["agent"]) == (run, "L0", "support")
    assert "private" not in json.dumps(lines())


def test_an_unexpected_failure_is_an_error_reply_and_a_line_without_its_text(serve, lines, monkeypatch):
    serving = serve()

    def broken(name, digest=None):
        raise RuntimeError("private")

    monkeypatch.setattr(serving.runtime.agents, "get", broken)
    answer = serving.chat()
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert answer.headers["x-mooring-slot"] == "blue"
    [line] = lines()
    assert line["error"] == "RuntimeError"
    assert "test_ready.py" in line["where"]
    assert "private" not in json.dumps(line)
