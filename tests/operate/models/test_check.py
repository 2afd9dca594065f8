"""Real models are asked each way, and what does not work is one line that says what to do."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from mooring.operate.models.check import check
from mooring.operate.models.found import Asked
from mooring.release.content import ReleaseContent
from mooring.spec.endpoints import Endpoint
from tests.modelserver import ModelServer, model_server
from tests.runtime.sample import limits, sample

KEYS = {"PRIMARY_KEY": "sk-hunter22-abcdefghijkl", "ALTERNATE_KEY": "sk-hunter23-abcdefghijkl", "SMALL_KEY": "k"}
APIS = {"openai-chat": "", "anthropic-messages": ""}
ALL = {"text": True, "tools": True, "stream": True, "json": True}

Ask = Callable[..., Asked]


@pytest.fixture(params=["openai-chat", "anthropic-messages"])
def api(request: pytest.FixtureRequest) -> str:
    """Each protocol."""
    return str(request.param)


@pytest.fixture
def ask(api: str) -> Iterator[Ask]:
    """Asks model `primary` of a stand-in with a fault; what is given changes the model's document or the stand-in."""
    with ExitStack() as stack:

        def made(fault: str = "", environ: Mapping[str, str] = KEYS, **more: Any) -> Asked:
            server = stack.enter_context(model_server(fault, more.pop("key", ""), more.pop("model", "")))
            seconds = more.pop("seconds", 20.0)
            content = placed(sample("real", ladder=limits(seconds)).content, server, api, **more)
            (found,) = check(content, ["primary"], environ)
            made.server = server  # type: ignore[attr-defined]
            return found

        yield made


def placed(content: ReleaseContent, server: ModelServer, api: str, **more: Any) -> ReleaseContent:
    """The content with all models at a server."""
    url = server.url if api == "openai-chat" else server.url.removesuffix("/v1")
    changes = {"base_url": url, "api_type": api, **more}
    models = {name: model.model_copy(update=changes) for name, model in content.models.items()}
    return content.model_copy(update={"models": models})


def works(found: Asked) -> dict[str, bool]:
    return {answer.way: answer.works for answer in found.answers}


@pytest.mark.slow
def test_a_model_that_works_is_asked_once_each_way(ask: Any) -> None:
    found = ask()
    assert (works(found), found.well, found.trouble) == (ALL, True, "")
    assert len(ask.server.asked) == 4
    assert {body["model"] for body in ask.server.asked} == {"primary-1"}
    assert [bool(body.get("tools")) for body in ask.server.asked] == [False, True, False, False]
    assert [bool(body.get("stream")) for body in ask.server.asked] == [False, False, True, False]


@pytest.mark.slow
def test_it_tells_how_long_it_took_and_what_it_cost(ask: Any) -> None:
    found = ask()
    stream = found.answer("stream")
    assert 0 < stream.first <= stream.seconds < 20
    tokens = [(answer.input_tokens, answer.output_tokens) for answer in found.answers]
    assert tokens == [(20, 5)] * 4
    assert found.cost_usd == pytest.approx(4 * (20 * 10 + 5 * 40) / 1e6)
    assert (found.limit, found.limited_by) == (20.0, "L0 of bounded")


@pytest.mark.parametrize(
    ("fault", "broken", "said"),
    [
        ("words", "tools", "answers in words where it is to call a tool"),
        ("refuses-tools", "tools", "does not take tools (HTTP 400, tools_unsupported)"),
        ("cut", "stream", "breaks off a stream"),
        ("prose", "json", "answers with something else where it is to answer with JSON alone"),
    ],
)
def test_one_way_that_does_not_work_leaves_the_others(ask: Ask, fault: str, broken: str, said: str) -> None:
    found = ask(fault)
    assert works(found) == ALL | {broken: False}
    answer = found.answer(broken)
    assert answer is not None
    assert said in answer.trouble
    assert not found.well


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("limit", "limits our calls (HTTP 429, rate_limit_exceeded); ask again in a moment"),
        ("quota", "says that our quota is used up (insufficient_quota); raise it there"),
        ("fails", "fails (HTTP 500, server_error)"),
    ],
)
def test_what_every_way_would_meet_is_met_once(ask: Any, fault: str, said: str) -> None:
    found = ask(fault)
    assert said in found.trouble
    assert (len(found.answers), len(ask.server.asked), found.well) == (1, 1, False)


def test_a_key_that_is_refused_is_named_and_never_shown(ask: Ask) -> None:
    found = ask(key="another")
    assert found.trouble.endswith("refuses the key in PRIMARY_KEY (HTTP 401, invalid_api_key); set the right one")
    assert "sk-hunter" not in str(found.data())


def test_an_endpoint_that_wants_a_key_where_the_document_has_none(ask: Ask) -> None:
    found = ask(key="another", secret_ref=None)
    assert "wants a key (HTTP 401, invalid_api_key); name its variable as secretRef of model primary" in found.trouble


def test_a_missing_key_is_named_and_nobody_is_asked(ask: Any) -> None:
    found = ask(environ={})
    assert found.trouble.startswith(
        "PRIMARY_KEY is not set: export it here, and where the runner and the supervisor of local"
    )
    assert (ask.server.asked, found.answers, found.well) == ([], (), False)


def test_an_unknown_model_is_named_with_its_document(ask: Ask) -> None:
    found = ask(model="another")
    assert "does not know the model 'primary-1' (HTTP 404, model_not_found)" in found.trouble
    assert found.trouble.endswith("correct id or baseUrl in configs/models/primary.yaml")


def test_another_page_at_the_address_is_no_endpoint(ask: Ask, api: str) -> None:
    found = ask("no-json")
    assert not any(works(found).values())
    assert f"does not answer as an {api} endpoint does; correct apiType or baseUrl" in found.answers[0].trouble


def test_a_context_that_is_too_small_is_said(ask: Ask) -> None:
    found = ask("tiny")
    assert found.answers[0].trouble.endswith("its context is far below contextWindow 8,000")


@pytest.mark.slow
def test_a_slow_model_has_the_seconds_of_its_rung(ask: Ask) -> None:
    began = time.monotonic()
    found = ask("slow", seconds=0.5)
    assert found.trouble.endswith("does not answer within 0.5 s, which is all that its rung has")
    assert time.monotonic() - began < 10
    assert found.answers[0].seconds is not None
    assert found.answers[0].seconds < 2


@pytest.mark.slow
def test_a_stream_that_says_nothing_has_them_too(ask: Ask) -> None:
    stream = ask("silent", seconds=1.0).answer("stream")
    assert stream is not None
    assert "does not answer within 1 s" in stream.trouble
    assert stream.first is None


def test_a_host_without_an_address_is_said(ask: Ask) -> None:
    found = ask(base_url="http://models.invalid/v1")
    assert "models.invalid" in found.trouble
    assert not found.well


def test_a_port_where_nobody_listens_is_said(ask: Ask) -> None:
    assert "refuses connections" in ask(base_url="http://127.0.0.1:9/v1").trouble


@pytest.mark.slow
def test_all_models_are_asked_at_once_and_simulated_ones_are_not() -> None:
    with model_server("slow") as server:
        endpoints: dict[str, Endpoint] = {"one": "real", "two": "real", "own": "simulated"}
        content = placed(sample(endpoints, ladder=limits(20)).content, server, "openai-chat")
        began = time.monotonic()
        primary, alternate, small = check(content, ["primary", "alternate", "small"], KEYS)
        took = time.monotonic() - began
    assert (primary.well, alternate.well) == (True, True)
    assert (small.endpoint, small.answers, small.real) == ("simulated", (), False)
    assert small.data()["well"] is None
    assert len(server.asked) == 8
    assert took < 14, "four answers of two seconds each, of both models at the same time"


def test_a_model_needs_what_its_agents_ask_of_it() -> None:
    with model_server("words") as server:
        content = placed(sample("real", ladder=limits(20)).content, server, "openai-chat")
        only = {"page": content.agents["page"]}  # which has no tools
        found = check(content.model_copy(update={"agents": only}), ["primary"], KEYS)[0]
    assert (found.needs, found.well) == (("text", "stream"), True)
    assert works(found) == ALL | {"tools": False}


def test_the_strictest_rung_gives_the_limit() -> None:
    ladder = {"rungs": {"L0": {"timeoutSeconds": 9}, "L1": {"timeoutSeconds": 7}, "L2": {"timeoutSeconds": 5}}}
    content = sample(ladder=ladder, context={"summaryModel": "primary"}).content
    primary, alternate = check(content, ["primary", "alternate"], {})
    assert (primary.limit, primary.limited_by) == (5.0, "summaries of quick")
    assert (alternate.limit, alternate.limited_by) == (7.0, "L1 of bounded")
