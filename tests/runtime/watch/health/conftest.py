"""What a slot measured while faults were played to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from mooring.metrics import LOOP_LAG
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.repository import until
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample
from tests.runtime.stub import Reply, Stub

PROFILE: dict[str, Any] = {
    "retry": {"tries": 2, "baseSeconds": 0.01, "capSeconds": 0.5},
    "breaker": {"consecutiveFailures": 2, "openSeconds": 60},
}


@pytest.fixture(scope="module")
def module_played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The text of `/metrics` after six runs: two by L0, one of them at the second try; two by L1, one of them a stream
    that L0 began; one by L3, the last good answer; one by L4. One call was in vain at both tries."""
    stub = Stub()
    models = Serving(stub.app()).start()
    settings = Settings("blue", tmp_path_factory.mktemp("state"), models.url, {})
    serving = Serving(create_app(sample(**PROFILE), settings)).start()
    try:
        _play(stub, serving)
        serving.settled()
        serving.http.get("/healthz")
        yield until(lambda: _measured(serving.http.get("/metrics").text))
    finally:
        serving.stop()
        models.stop()


def _play(stub: Stub, serving: Serving) -> None:
    rungs = [_asked(serving, "first")]
    stub.script("primary-1", Reply(status=503), Reply("again"))
    rungs.append(_asked(serving, "second"))
    stub.script("primary-1", Reply("a stream that breaks off", cut="broken"))
    with serving.http.stream("POST", "/v1/chat/completions", json=_body("third") | {"stream": True}) as stream:
        stream.read()
    stub.script("primary-1", Reply(status=503))
    rungs.append(_asked(serving, "fourth"))
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, Reply(status=401))
    rungs += [_asked(serving, question) for question in ("first", "private")]
    assert rungs == ["L0", "L0", "L1", "L3", "L4"]


def _measured(text: str) -> str | None:
    """The text, once the loop has ticked: the runs may take less time than that."""
    return None if f"{LOOP_LAG}_count 0.0" in text else text


def _asked(serving: Serving, text: str) -> str:
    return serving.chat(text).headers["x-mooring-rung"]


def _body(text: str) -> dict[str, Any]:
    return {"model": "support", "messages": [{"role": "user", "content": text}]}
