"""A stream that dies is taken over by the next rung, and the client sees one well-formed stream."""

import json
import time
from typing import Any

import openai
import pytest

from mooring.release.release import Release
from tests.runtime.sample import limits

DEATHS = ["broken", "garbage", "hanging", "silent"]
FIND = ("find_order", {"order": "A1"})


class Seen:
    """What an OpenAI client got from a stream."""

    def __init__(self, serving, agent="support", **more) -> None:
        with openai.OpenAI(base_url=f"{serving.url}/v1", api_key="none", max_retries=0) as client:
            messages: Any = [{"role": "user", "content": more.pop("say", "hi")}]
            answer: Any = client.chat.completions.with_raw_response.create(
                model=agent, messages=messages, stream=True, stream_options={"include_usage": True}, **more
            )
            self.headers = answer.headers
            chunks = list(answer.parse())
        with_choices = [chunk for chunk in chunks if chunk.choices]
        self.text = "".join(chunk.choices[0].delta.content or "" for chunk in with_choices)
        self.finishes = [chunk.choices[0].finish_reason for chunk in with_choices if chunk.choices[0].finish_reason]
        self.facts = with_choices[-1].model_extra["mooring"]
        self.ids = {chunk.id for chunk in chunks}
        self.usage = chunks[-1].usage


@pytest.mark.parametrize("cut", DEATHS)
def test_the_next_rung_goes_on_where_a_stream_stopped(serve, stub, reply, cut):
    stub.script("primary-1", reply("The order has left", cut=cut))
    stub.script("alternate-1", reply("the harbour."))
    serving = serve(ladder=limits(0.3))
    seen = Seen(serving)
    assert seen.text == "The order has left the harbour. "
    assert seen.finishes == ["stop"]
    assert len(seen.ids) == 1
    assert seen.headers["x-mooring-first-rung"] == "L0"
    assert (seen.facts["rung"], seen.facts["rescued"]) == ("L1", 1)
    assert seen.facts["run"] == seen.headers["x-mooring-run"]
    assert [m["role"] for m in stub.asked("alternate-1")[0]["messages"]] == ["system", "user", "assistant", "user"]
    assert stub.asked("alternate-1")[0]["messages"][2]["content"] == "The order has left"
    assert "mooring_rescued_streams_total{" in serving.http.get("/metrics").text
    assert serving.settled()["failed"] == 0


def test_what_the_next_rung_repeats_is_left_out(serve, stub, reply):
    stub.script("primary-1", reply("The order has left", cut="broken"))
    stub.script("alternate-1", reply("The order has left the harbour."))
    assert Seen(serve()).text == "The order has left the harbour. "


def test_two_rungs_may_die_and_half_a_sentence_of_the_second_is_never_shown(serve, stub, reply):
    stub.script("primary-1", reply("one two", cut="broken"))
    stub.script("alternate-1", reply("three four", cut="broken"))
    stub.script("small-1", reply("five"))
    seen = Seen(serve())
    assert (seen.text, seen.facts["rung"], seen.facts["rescued"]) == ("one two five ", "L2", 2)


def test_when_no_model_can_go_on_the_apology_stands_apart(serve, stub, reply):
    stub.script("primary-1", reply("one two", cut="broken"))
    for model in ("alternate-1", "small-1"):
        stub.script(model, reply(status=500))
    seen = Seen(serve())
    assert (seen.text, seen.finishes) == ("one two \n\nSorry.", ["stop"])
    assert (seen.headers["x-mooring-first-rung"], seen.facts["rung"]) == ("L0", "L4")


@pytest.mark.parametrize("cut", DEATHS)
def test_a_stream_that_dies_in_a_tool_call_is_answered_anew(serve, stub, reply, cut):
    stub.script("primary-1", reply("Let me look.", tool=FIND, cut=cut))
    stub.script("alternate-1", reply("Looking.", tool=FIND), reply("It has shipped."))
    stub.script("shop", reply(body={"status": "shipped"}))
    # The request after the tool call begins at the top again, which is well by then.
    stub.script("primary-1", reply("Let me look.", tool=FIND, cut=cut), reply("It has shipped."))
    seen = Seen(serve(ladder=limits(0.3)))
    assert seen.text == "Let me look. \n\nLooking. \n\nIt has shipped. "
    assert len(stub.services) == 1
    asked = stub.asked("alternate-1")[0]["messages"]
    assert [m["role"] for m in asked] == ["system", "user"]
    assert seen.facts["rescued"] == 1


def test_a_stream_that_dies_in_a_tool_call_alone_leaves_no_trace(serve, stub, reply):
    stub.script("primary-1", reply(tool=FIND, cut="broken"), reply("Shipped."))
    stub.script("alternate-1", reply(tool=FIND))
    stub.script("shop", reply(body={}))
    seen = Seen(serve())
    assert (seen.text, len(stub.services)) == ("Shipped. ", 1)
    calls = [call for m in stub.requests[-1]["messages"] for call in m.get("tool_calls") or []]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"order": "A1"}]


def test_a_silence_within_a_stream_ends_at_the_rungs_timeout_not_at_the_deadline(serve, stub, reply):
    stub.script("primary-1", reply("one", cut="hanging"))
    stub.script("alternate-1", reply("two"))
    started = time.monotonic()
    assert Seen(serve(ladder=limits(0.2))).text == "one two "
    assert time.monotonic() - started < 1.5


@pytest.mark.slow
def test_a_slow_but_steady_stream_is_left_alone(serve, stub, reply):
    stub.script("primary-1", reply("a b c d e f g h", pace=0.08))
    seen = Seen(serve(ladder=limits(0.3)))
    assert (seen.text, seen.facts["rescued"]) == ("a b c d e f g h ", 0)


@pytest.mark.slow
def test_streams_that_die_open_the_breaker(serve, stub, reply):
    stub.script("primary-1", reply("one", cut="broken"))
    stub.script("alternate-1", reply("two"))
    serving = serve(breaker={"openSeconds": 60})
    texts = [Seen(serving).text for _ in range(5)]
    assert texts == ["one two "] + ["two "] * 4
    assert len(stub.asked("primary-1")) == 3


def test_a_request_that_is_wrong_in_itself_is_a_plain_error(serve, stub, reply):
    stub.script("primary-1", reply(status=422))
    answer = serve().chat(stream=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "model_rejected_request")


def test_usage_counts_the_rung_that_died_by_an_estimate(serve, stub, reply):
    stub.script("primary-1", reply("one two", cut="broken"))
    stub.script("alternate-1", reply("three"))
    usage = Seen(serve()).usage
    assert 100 < usage.prompt_tokens < 250
    assert 20 < usage.completion_tokens < 40


REFUND = ("refund_order", {"order": "A1"})
SENTENCES = "Your order has left the harbour. It arrives on Monday. "


def test_a_rung_in_doubt_shows_whole_sentences_only(serve, stub, reply):
    stub.script("primary-1", reply(f"{SENTENCES}If you", cut="broken"))
    stub.script("alternate-1", reply("Anything else?"))
    serving = serve()
    assert Seen(serving).text == f"{SENTENCES}If you Anything else? "
    assert Seen(serving).text == f"{SENTENCES}Anything else? "


@pytest.mark.slow
def test_a_rung_that_falls_silent_shows_whole_sentences_from_then_on(serve, stub, reply):
    stub.script("primary-1", reply("One. Two three", pace=1.2, cut="broken"))
    stub.script("alternate-1", reply("Three."))
    assert Seen(serve(ladder=limits(3))).text == "One. Three. "


@pytest.mark.parametrize(
    "again",
    [
        f"{SENTENCES}If you are out, we ring again.",
        f"**{SENTENCES.upper()}** If you are out, we ring again.",
        "If you are out, we ring again.",
        "are out, we ring again.",
    ],
)
def test_a_model_that_starts_again_repeats_nothing(serve, stub, reply, again):
    stub.script("primary-1", reply(f"{SENTENCES}If you", cut="broken"))
    stub.script("alternate-1", reply(again))
    assert Seen(serve()).text == f"{SENTENCES}If you are out, we ring again. "


def test_chinese_is_continued_sentence_by_sentence(serve, stub, reply):
    stub.script("primary-1", reply("您的订单已发货。预计周一送达。如果", cut="broken"))
    stub.script("alternate-1", reply("您的订单已发货。预计周一送达。如果您不在家,我们会再联系您。"))
    assert Seen(serve()).text.replace(" ", "") == "您的订单已发货。预计周一送达。如果您不在家,我们会再联系您。"


def test_what_a_tool_has_done_is_done_once_however_the_answer_dies(serve, build, stub, reply):
    stub.script("primary-1", reply("On it.", tool=REFUND), reply("Your money is on its", cut="broken"))
    stub.script("alternate-1", reply("way."))
    stub.script("shop", reply(body={"refunded": True}))
    content = build().content
    tool = content.tools["refund-order"].model_copy(update={"approval": "none"})
    release = Release.of(content.model_copy(update={"tools": content.tools | {"refund-order": tool}}))
    seen = Seen(serve(release))
    assert seen.text == "On it. \n\nYour money is on its way. "
    assert len(stub.services) == 1
    sent = stub.asked("alternate-1")[0]["messages"]
    assert [m["role"] for m in sent] == ["system", "user", "assistant", "tool", "assistant", "user"]


def test_who_wrote_what_is_said_in_the_last_chunk_in_a_comment_and_in_the_run(serve, stub, reply):
    stub.script("primary-1", reply("The order has left", cut="broken"))
    stub.script("alternate-1", reply("the harbour."))
    serving = serve(checkpoint={"mode": "durable"})
    written = [{"rung": "L0", "characters": 19}, {"rung": "L1", "characters": 13}]
    seen = Seen(serving)
    assert seen.facts["written"] == written
    assert "x-mooring-rung" not in seen.headers
    assert serving.http.get(f"/runs/{seen.facts['run']}").json()["written"] == written
    assert ": x-mooring-rung: L1\n\ndata: [DONE]" in serving.chat(stream=True).text
