"""What a user writes and a provider says stays out of logs and errors; what looks like a secret always does."""

import io
import json
import logging
import os
import subprocess
import sys

import pytest

from mooring.runtime.core import logs

SECRET = "sk-proj-Abc123Def456Ghi789Jkl012Mno345"


@pytest.fixture
def log():
    """Everything that is logged by anybody, as text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logs.LOGGER.setLevel(logging.INFO)
    yield stream.getvalue
    root.removeHandler(handler)
    root.setLevel(level)


def ended(text):
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == "run ended"]


def test_a_secret_in_a_message_shows_up_nowhere(serve, stub, reply, log):
    stub.script("primary-1", reply(tool=("find_order", {"order": SECRET})), reply("done"))
    stub.script("shop", reply(raw=f"no order {SECRET}", status=404))
    serving = serve()
    answer = serving.chat(f"my key is {SECRET}")
    serving.settled()
    [line] = ended(log())
    assert line["run"] == answer.headers["x-mooring-run"]
    assert line["tool_calls"][0].startswith("find_order: failed in ")
    assert SECRET not in log()
    assert "find_order-" not in log()


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_secret_in_an_error_of_a_provider_shows_up_nowhere(serve, stub, reply, log, status):
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply(status=status, raw=json.dumps({"error": {"message": f"bad key {SECRET}"}})))
    serving = serve()
    answer = serving.chat("hi")
    stream = serving.chat("hi", stream=True)
    run = serving.http.post("/agents/support/runs?wait=true", json={"message": "hi"})
    health = serving.http.get("/healthz?verbose")
    metrics = serving.http.get("/metrics")
    serving.settled()
    for told in (answer, stream, run, health, metrics):
        assert SECRET not in told.text + str(told.headers)
    assert ended(log())
    assert SECRET not in log()


def test_a_bad_request_does_not_come_back_in_its_error(serve, log):
    serving = serve()
    for body in ({"model": SECRET * 5}, {"model": "support", "messages": SECRET}, {"model": "support", SECRET: 1}):
        serving.http.post("/v1/chat/completions", json=body)
    answer = serving.http.post("/v1/chat/completions", content=f'{{"model": "{SECRET}')
    assert SECRET not in answer.text
    assert SECRET not in log()


def test_text_is_logged_only_when_allowed_and_secrets_not_even_then(serve, log):
    serve().chat("where is my parcel?")
    serving = serve(environ={logs.CONTENT: "1"})
    serving.chat(f"where is my parcel? {SECRET}")
    serving.settled()
    first, second = ended(log())
    assert "question" not in first
    assert second["question"] == "where is my parcel? [secret]"
    assert "parcel" not in json.dumps(first)


@pytest.mark.parametrize(
    "secret",
    [SECRET, "AKIAIOSFODNN7EXAMPLE", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "password=hunter2hunter2hunter2"],
)
def test_what_looks_like_a_secret_is_masked_in_every_field(log, secret):
    logs.LOGGER.warning(
        "told %s", secret, extra={"one": secret, "many": [{"deep": (secret,)}], "other": Exception(secret)}
    )
    assert secret not in log()
    assert log().count("[secret]") == 4


def test_digests_and_run_ids_are_no_secrets(log):
    names = ["sha256:" + "0123456789abcdef" * 4, "run_0123456789abcdef0123456789abcdef", "anthropic/claude-sonnet-4-5"]
    logs.LOGGER.warning("told", extra={"names": names})
    assert json.loads(log())["names"] == names


def test_a_library_is_cut_to_its_first_line(log):
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task exception=private>")
    line = json.loads(log())
    assert line["event"] == "Task exception was never retrieved"
    assert line["logger"] == "asyncio"
    assert "private" not in log()


CRASH = """
import sys, threading, warnings
from mooring.runtime.core.logs import configure
configure(sys.stderr)
def crash():
    raise RuntimeError("private words")
threading.Thread(target=crash).start()
warnings.warn("private words\\nand more")
crash()
"""


def test_what_nobody_caught_is_a_line_without_its_words():
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", CRASH], env=environ, capture_output=True, text=True, timeout=30)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert {"crashed", "thread crashed"} <= {line["event"] for line in lines}
    assert [line["error"] for line in lines if "error" in line] == ["RuntimeError", "RuntimeError"]
    assert "private" not in "".join(line["event"] for line in lines if "error" in line)
