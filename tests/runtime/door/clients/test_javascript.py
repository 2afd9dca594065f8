"""The official JavaScript client, installed by its lock on first use; without node and npm this fails and says so."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bench.rival import node_packages

NODE = 18
"""The oldest Node.js that the client runs on; Debian 12 has it."""

FOLDER = Path(__file__).parent / "javascript"


def not_there(code: str, status: int, kind: str, param: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "status": status, "code": code, "param": param}


@pytest.mark.slow
def test_the_javascript_client_does_all_that_it_does_with_its_own_server(serve: Any, stub: Any, reply: Any) -> None:
    words = ["chat", "chat stream", "one", "two", "three and more"]
    stub.script("primary-1", *map(reply, words), reply("late", delay=0.4), reply("five"))
    environ = os.environ | {"MOORING_URL": f"{serve().url}/v1"}
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        cwd=node_packages(FOLDER, "openai-client", NODE),
        env=environ,
        input=(FOLDER / "client.mjs").read_text(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert (set(got["models"]), got["model"]) == ({"support", "page", "json", "bounded"}, "support")
    assert got["chat"] == ["chat", "stop", 120]
    assert got["chatStream"] == {"text": "chat stream ", "tokens": 120}
    assert got["response"] == {"text": "one", "status": "completed", "tokens": 120, "metadata": {"a": "b"}}
    assert got["previous"]
    kinds = [kind for _, kind in got["events"]]
    assert [number for number, _ in got["events"]] == list(range(len(kinds)))
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert kinds.count("response.output_text.delta") == 3
    assert got["streamed"] == "three and more "
    assert got["retrieved"] == ["three and more ", "completed", "support"]
    assert got["input"] == ["three"]
    assert (got["background"], got["cancelled"]) == ("in_progress", "cancelled")
    assert got["deleted"] == not_there("response_not_found", 404, "NotFoundError")
    assert got["once"]
    assert got["unknown"] == not_there("model_not_found", 404, "NotFoundError", "model")
    assert got["unsupported"] == not_there("unsupported_parameter", 400, "BadRequestError", "instructions")
    assert got["image"] == not_there("unsupported_content", 400, "BadRequestError", "messages[0]")
    told = [body["messages"] for body in stub.asked("primary-1")]
    assert [len(each) for each in told[2:5]] == [2, 4, 6], "a response goes on from the one before"


def test_its_lock_names_no_host() -> None:
    assert "://" not in (FOLDER / "package-lock.json").read_text()
