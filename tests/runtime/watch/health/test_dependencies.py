"""What is depended on is judged by calls that were made anyway, else by a request that costs nothing."""

import asyncio
import time
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from mooring.runtime.core.circuit import Circuit, Health
from mooring.runtime.watch.health.dependencies import Dependency, api
from mooring.spec.resilience import Breaker
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample


@pytest.fixture(scope="module")
def endpoint():
    """Answers `/STATUS` with that status, `/hang` never; remembers who asked."""
    asked = []

    async def answer(request):
        asked.append((request.method, request.url.path, dict(request.headers)))
        if request.path_params["what"] == "hang":
            await asyncio.sleep(30)
        return Response("secret words", int(request.path_params["what"]))

    serving: Any = Serving(Starlette(routes=[Route("/{what}", answer)])).start()
    serving.asked = asked
    yield serving
    serving.stop()


def look(url, *circuits, seconds=2.0, headers=None):
    async def scenario():
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
            return await Dependency("model:one", "GET", url, circuits, client, seconds, headers or {}).check().result()

    return asyncio.run(scenario())


def called(health):
    circuit = Circuit(Breaker(consecutive_failures=2))
    call = circuit.enter()
    call.health = health
    circuit.leave(call)
    return circuit


@pytest.mark.parametrize(
    ("path", "ok", "detail"),
    [
        ("200", True, ""),
        ("404", True, ""),
        ("429", True, ""),
        ("401", False, "refuses our key (status 401)"),
        ("500", False, "status 500"),
        ("hang", False, "no answer within 0.3 s"),
    ],
)
def test_an_endpoint_that_was_not_called_lately_is_asked(endpoint, path, ok, detail):
    result = look(f"{endpoint.url}/{path}", seconds=0.3 if path == "hang" else 10)
    assert (result.ok, result.detail) == (ok, detail)


def test_nobody_there_is_a_reason_without_the_address():
    result = look("http://127.0.0.1:9/v1/models")
    assert (result.ok, result.detail) == (False, "cannot be reached (ConnectError)")


def test_a_call_speaks_for_its_endpoint_and_nothing_is_asked(endpoint):
    endpoint.asked.clear()
    assert look(f"{endpoint.url}/500", called(Health.WELL)).ok
    result = look(f"{endpoint.url}/200", called(Health.ILL))
    assert (result.ok, result.detail) == (False, "its last call failed")
    assert endpoint.asked == []


def test_the_newest_call_of_all_profiles_counts(endpoint):
    ill = called(Health.ILL)
    time.sleep(0.01)
    assert look(f"{endpoint.url}/500", ill, called(Health.WELL)).ok


def test_an_open_breaker_is_said_with_its_time(endpoint):
    circuit = called(Health.ILL)
    call = circuit.enter()
    call.health = Health.ILL
    circuit.leave(call)
    result = look(f"{endpoint.url}/200", circuit)
    assert (result.ok, result.detail) == (False, "calls are stopped for 30 s more")


def test_keys_go_where_they_belong_and_into_no_result(endpoint):
    model = sample().content.models["primary"]
    claude = model.model_copy(update={"api_type": "anthropic-messages", "base_url": "https://models.invalid"})
    assert api(model, "http://127.0.0.1:1", "key") == ("http://127.0.0.1:1/v1", {})
    assert api(model, None, "key") == ("https://models.invalid/v1", {"authorization": "Bearer key"})
    assert api(claude, None, "key")[0] == "https://models.invalid/v1"
    assert api(claude, None, "key")[1]["x-api-key"] == "key"
    endpoint.asked.clear()
    result = look(f"{endpoint.url}/403", headers={"authorization": "Bearer very-private"})
    assert endpoint.asked[0][2]["authorization"] == "Bearer very-private"
    assert "private" not in str(result)
    assert "secret" not in str(result)
