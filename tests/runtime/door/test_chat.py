"""Any OpenAI client can call an agent as if it were a model."""

import asyncio
from typing import Any

import openai
import pytest


def client(serving) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{serving.url}/v1", api_key="none", max_retries=0)


def test_a_question_is_answered_by_the_first_rung(serve, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    serving = serve()
    answer = serving.chat("where is A1?")
    body = answer.json()
    assert answer.status_code == 200
    assert body["choices"][0]["message"]["content"] == "It has shipped."
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"] == {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    assert body["mooring"]["cost_usd"] == pytest.approx(0.0018)


def test_the_release_frames_the_conversation(serve, stub):
    serve().http.post(
        "/v1/chat/completions",
        json={
            "model": "support",
            "messages": [
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "hi"},
                {"role": "user", "content": [{"type": "text", "text": "{{ 7 * 7 }}"}]},
            ],
        },
    )
    sent = [(m["role"], m["content"]) for m in stub.asked("primary-1")[0]["messages"]]
    assert sent == [
        ("system", "You serve Tidewater."),
        ("user", "hello"),
        ("assistant", "hi"),
        ("user", "Customer: {{ 7 * 7 }}"),
    ]


def test_every_reply_says_who_answered(serve, build):
    release = build()
    headers = serve(release).chat().headers
    assert headers["x-mooring-release"] == release.digest
    assert headers["x-mooring-rung"] == "L0"
    assert headers["x-mooring-slot"] == "blue"
    assert headers["x-mooring-simulated"] == "true"
    assert headers["x-mooring-run"].startswith("run_")


def test_the_openai_client_asks(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    answer = client(serve()).chat.completions.create(model="support", messages=[{"role": "user", "content": "well?"}])
    assert answer.choices[0].message.content == "yes"
    assert answer.id.startswith("chatcmpl-run_")
    assert answer.usage
    assert answer.usage.total_tokens == 120


def test_the_openai_client_streams_with_usage(serve, stub, reply):
    stub.script("primary-1", reply("one two three"))
    chunks = list(
        client(serve()).chat.completions.create(
            model="support",
            messages=[{"role": "user", "content": "count"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three "
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 20
    assert len({c.id for c in chunks}) == 1
    assert len(chunks) > 4


def test_what_an_agent_says_before_and_after_a_tool_call_are_paragraphs(serve, stub, reply):
    stub.script("primary-1", reply("Let me look.", tool=("find_order", {"order": "A1"})), reply("It has shipped."))
    stub.script("shop", reply(body={}))
    chunks = client(serve()).chat.completions.create(
        model="support", messages=[{"role": "user", "content": "where?"}], stream=True
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks)
    assert text == "Let me look. \n\nIt has shipped. "


def tools_of(chunks) -> list[dict]:
    """What a stream says of calls of tools, each beside a delta without text."""
    told = [chunk for chunk in chunks if "tool" in ((chunk.model_extra or {}).get("mooring") or {})]
    assert all(chunk.choices[0].delta.content is None for chunk in told)
    return [chunk.model_extra["mooring"]["tool"] for chunk in told]


def test_a_stream_says_what_tools_are_called_only_to_whoever_asks_for_it(serve, stub, reply):
    found = reply(tool=("find_order", {"order": "A1"}))
    stub.script("primary-1", found, found, reply("It has shipped."), found, reply("It has shipped."))
    stub.script("shop", reply(body={}), reply(status=404), reply(body={}))
    ask: Any = client(serve()).chat.completions.create
    question = {"model": "support", "messages": [{"role": "user", "content": "where?"}], "stream": True}
    chunks = list(ask(**question, stream_options={"include_tools": True}))
    begun, done, again, failed = tools_of(chunks)
    assert begun == {"id": begun["id"], "name": "find_order", "status": "started", "arguments": {"order": "A1"}}
    assert (done["id"], done["name"], done["status"], done["outcome"]) == (begun["id"], "find_order", "ended", "done")
    assert 0 < done["seconds"] < 5
    assert (again["status"], failed["outcome"]) == ("started", "failed")
    assert again["id"] != begun["id"]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "It has shipped. "
    assert tools_of(ask(**question)) == []


def test_a_call_that_is_refused_is_told_with_its_arguments(serve, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": 1})), reply("Which one?"))
    ask: Any = client(serve()).chat.completions.create
    asked = {"model": "support", "messages": [{"role": "user", "content": "where?"}], "stream": True}
    begun, refused = tools_of(ask(**asked, stream_options={"include_tools": True}))
    assert begun["arguments"] == {"order": 1}
    assert (refused["outcome"], refused["seconds"]) == ("invalid-arguments", 0)


def test_the_asynchronous_openai_client_streams(serve, stub, reply):
    stub.script("primary-1", reply("a b"))
    serving = serve()

    async def text() -> str:
        async with openai.AsyncOpenAI(base_url=f"{serving.url}/v1", api_key="none") as ours:
            stream = await ours.chat.completions.create(
                model="support", messages=[{"role": "user", "content": "x"}], stream=True
            )
            return "".join([c.choices[0].delta.content or "" async for c in stream])

    assert asyncio.run(text()) == "a b "


def test_agents_are_listed_as_models(serve):
    assert {model.id for model in client(serve()).models.list()} == {"support", "page", "json", "bounded"}


def test_an_unknown_agent_is_the_clients_not_found_error(serve):
    with pytest.raises(openai.NotFoundError) as caught:
        client(serve()).chat.completions.create(model="nobody", messages=[{"role": "user", "content": "x"}])
    assert caught.value.code == "model_not_found"


def test_an_answer_that_must_be_json_is_asked_for_again(serve, stub, reply):
    stub.script("primary-1", reply("certainly!"), reply('{"ok": true}'))
    body = serve().chat(agent="json").json()
    assert body["choices"][0]["message"]["content"] == '{"ok": true}'
    assert body["usage"]["prompt_tokens"] == 200


def test_a_streamed_json_answer_comes_only_when_it_fits(serve, stub, reply):
    stub.script("primary-1", reply("certainly!"), reply('{"ok":1}'))
    text = serve().chat(agent="json", stream=True).text
    assert "certainly" not in text
    assert '{\\"ok\\":1}' in text


def test_an_answer_that_never_fits_comes_from_the_next_rung(serve, stub, reply):
    stub.script("primary-1", reply("certainly!"))
    stub.script("alternate-1", reply('{"ok": 2}'))
    answer = serve().chat(agent="json")
    assert answer.json()["choices"][0]["message"]["content"] == '{"ok": 2}'
    assert answer.headers["x-mooring-rung"] == "L1"
    assert len(stub.asked("primary-1")) == 2


def test_a_model_that_calls_tools_for_ever_is_stopped(serve, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})))
    stub.script("shop", reply(body={}))
    with pytest.raises(openai.InternalServerError) as caught:
        client(serve()).chat.completions.create(model="bounded", messages=[{"role": "user", "content": "x"}])
    assert (caught.value.status_code, caught.value.code) == (502, "run_limit_exceeded")
    assert len(stub.asked("primary-1")) == 3
