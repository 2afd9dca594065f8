"""Providers that are real beside others that the simulator plays, in one slot."""

import httpx2
import pytest

from mooring.release.release import Release
from mooring.spec.endpoints import Endpoint
from tests.runtime.hosting import Serving, listening
from tests.runtime.sample import called_at, sample
from tests.runtime.stub import Reply, Stub

KEYS = {"PRIMARY_KEY": "sk-1", "SMALL_KEY": "sk-3"}
MIXED: dict[str, Endpoint] = {"one": "real", "two": "simulated", "own": "real"}


@pytest.fixture
def vendor():
    """The real providers' own endpoint, which is another server than the simulator."""
    with listening() as made:
        yield made


@pytest.fixture
def mixed(vendor: Stub) -> Release:
    return called_at(sample(MIXED), vendor.url)


def test_a_real_provider_is_asked_itself_and_the_answer_is_not_marked(serve, mixed, vendor, stub):
    vendor.script("primary-1", Reply("from the vendor"))
    answer = serve(mixed, environ=KEYS).chat()
    assert answer.json()["choices"][0]["message"]["content"] == "from the vendor"
    assert "x-mooring-simulated" not in answer.headers
    assert answer.json()["mooring"]["simulated"] is False
    assert stub.requests == []
    assert vendor.headers[0]["authorization"] == "Bearer sk-1"


def test_an_answer_of_a_simulated_provider_says_so(serve, mixed, vendor, stub):
    vendor.script("primary-1", Reply(status=400))
    vendor.script("primary-1", Reply(status=401))
    stub.script("alternate-1", Reply("from the simulator"))
    answer = serve(mixed, environ=KEYS).chat()
    assert (answer.headers["x-mooring-rung"], answer.headers["x-mooring-simulated"]) == ("L1", "true")
    assert answer.json()["mooring"]["simulated"] is True
    assert vendor.asked("alternate-1") == []
    assert "authorization" not in stub.headers[0] or "sk-" not in stub.headers[0]["authorization"]


def test_a_stream_says_so_at_its_end(serve, mixed, vendor, stub):
    vendor.script("primary-1", Reply(status=401))
    stub.script("alternate-1", Reply("from the simulator"))
    said = serve(mixed, environ=KEYS).chat(stream=True)
    assert '"simulated": true' in said.text.replace('":true', '": true')


def test_the_keys_of_real_providers_alone_are_needed(serve, mixed):
    ready = serve(mixed, environ={}).http.get("/readyz").json()["reasons"]
    assert ready == ["environment variable PRIMARY_KEY is not set", "environment variable SMALL_KEY is not set"]


def test_a_run_remembers_that_it_was_played(serve, mixed, vendor, stub):
    vendor.script("primary-1", Reply(status=401))
    stub.script("alternate-1", Reply("from the simulator"))
    serving = serve(mixed, environ=KEYS)
    shown = serving.http.post("/agents/support/runs?wait=true", json={"message": "hi"})
    assert shown.status_code == 200, shown.text
    assert (shown.json()["rung"], shown.json()["simulated"]) == ("L1", True)
    assert shown.headers["x-mooring-simulated"] == "true"


def test_what_the_simulator_said_is_no_saved_answer_once_a_provider_is_real(serve, build, mixed, vendor, stub):
    models = ("primary-1", "alternate-1", "small-1")
    stub.script("primary-1", Reply("from the simulator"))
    played = serve(build())
    assert played.chat().headers["x-mooring-rung"] == "L0"
    for model in models:
        stub.script(model, Reply(status=401))
        vendor.script(model, Reply(status=401))
    saved = played.chat()
    assert saved.headers["x-mooring-rung"] == "L3"
    assert "from the simulator" in saved.text
    answer = serve(mixed, slot="green", environ=KEYS).chat()
    assert answer.headers["x-mooring-rung"] == "L4"
    assert "from the simulator" not in answer.text


def test_a_proxy_of_the_machine_leads_to_providers_and_not_to_the_simulator(
    serve, mixed, vendor, stub, monkeypatch: pytest.MonkeyPatch
):
    proxy = Stub()
    serving = Serving(proxy.app()).start()
    proxy.script("primary-1", Reply(status=401))
    monkeypatch.setenv("http_proxy", serving.url)
    monkeypatch.delenv("no_proxy", raising=False)
    stub.script("alternate-1", Reply("from the simulator"))
    try:
        url = serve(mixed, environ=KEYS).url
        with httpx2.Client(trust_env=False) as client:
            body = {"model": "support", "messages": [{"role": "user", "content": "hi"}]}
            answer = client.post(f"{url}/v1/chat/completions", json=body, timeout=20)
    finally:
        serving.stop()
    assert answer.headers["x-mooring-rung"] == "L1"
    assert [body["model"] for body in proxy.requests] == ["primary-1"]
    assert [body["model"] for body in stub.requests] == ["alternate-1"]
    assert vendor.requests == []
