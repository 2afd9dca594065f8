"""When a model fails, the next rung answers, within one deadline."""

import time

import pytest

from tests.runtime.hosting import rung_of
from tests.runtime.sample import limits

ALL = ("primary-1", "alternate-1", "small-1")


def rung(answer) -> str:
    assert answer.status_code == 200, answer.text
    return rung_of(answer)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_another_vendor_answers_when_the_first_refuses(serve, stub, reply, status, stream):
    stub.script("primary-1", reply(status=status))
    stub.script("alternate-1", reply("second"))
    answer = serve().chat(stream=stream)
    assert rung(answer) == "L1"
    assert "second" in answer.text


@pytest.mark.parametrize("status", [400, 422])
def test_a_request_that_is_wrong_in_itself_goes_to_nobody_else(serve, stub, reply, status):
    stub.script("primary-1", reply(status=status))
    answer = serve().chat()
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "model_rejected_request")
    assert not stub.asked("alternate-1")


@pytest.mark.parametrize("raw", ["", "{", "[]", '{"choices": []}'])
def test_an_answer_that_cannot_be_read_is_tried_again_and_then_left(serve, stub, reply, raw):
    stub.script("primary-1", reply(raw=raw))
    assert rung(serve().chat()) == "L1"
    assert len(stub.asked("primary-1")) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_model_that_hangs_is_left_after_its_tries(serve, stub, reply, stream):
    stub.script("primary-1", reply(delay=3))
    started = time.monotonic()
    assert rung(serve(ladder=limits(0.2)).chat(stream=stream)) == "L1"
    assert 0.4 <= time.monotonic() - started < 2
    assert len(stub.asked("primary-1")) == 2


def test_the_local_model_answers_when_both_vendors_are_down(serve, stub, reply):
    stub.script("primary-1", reply(status=500))
    stub.script("alternate-1", reply(status=503))
    assert rung(serve().chat()) == "L2"


@pytest.mark.parametrize(
    ("languages", "text"), [("de-CH,de;q=0.9", "Entschuldigung."), ("fr", "Sorry."), ("", "Sorry.")]
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_last_rung_apologises_in_the_clients_language(serve, stub, reply, languages, text, stream):
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply(status=500))
    answer = serve().chat(headers={"accept-language": languages}, stream=stream)
    assert rung(answer) == "L4"
    assert text in answer.text


@pytest.mark.slow
def test_the_deadline_is_shared_and_leaves_every_rung_its_chance(serve, stub, reply):
    for model in ALL:
        stub.script(model, reply(delay=3))
    started = time.monotonic()
    assert rung(serve(deadlineSeconds=0.7).chat()) == "L4"
    assert 0.6 < time.monotonic() - started < 1.5
    assert [len(stub.asked(model)) for model in ALL] == [1, 1, 1]


@pytest.mark.slow
def test_a_primary_that_hangs_leaves_the_time_of_one_try_to_each_rung_below(serve, stub, reply):
    stub.script("primary-1", reply(delay=3))
    stub.script("alternate-1", reply(delay=3))
    stub.script("small-1", reply("in time", delay=0.1))
    answer = serve(deadlineSeconds=1.5, retry={"tries": 5}).chat()
    assert (rung(answer), "in time" in answer.text) == ("L2", True)


def test_a_short_retry_after_is_waited_for(serve, stub, reply):
    stub.script("primary-1", reply(status=429, headers={"retry-after-ms": "300"}), reply("here"))
    started = time.monotonic()
    answer = serve().chat()
    assert rung(answer) == "L0"
    assert time.monotonic() - started > 0.3


def test_a_retry_after_beyond_the_cap_goes_to_the_next_rung_at_once(serve, stub, reply):
    stub.script("primary-1", reply(status=429, headers={"retry-after": "3"}))
    started = time.monotonic()
    assert rung(serve().chat()) == "L1"
    assert time.monotonic() - started < 1
    assert len(stub.asked("primary-1")) == 1


def test_a_retry_after_beyond_the_rungs_share_of_the_deadline_goes_to_the_next_rung_at_once(serve, stub, reply):
    stub.script("primary-1", reply(status=429, headers={"retry-after-ms": "450"}))
    assert rung(serve(deadlineSeconds=1.2).chat()) == "L1"
    assert len(stub.asked("primary-1")) == 1


def test_credentials_that_are_refused_are_not_tried_again(serve, stub, reply):
    stub.script("primary-1", reply(status=401))
    serve().chat()
    assert len(stub.asked("primary-1")) == 1


def test_an_open_breaker_spares_a_sick_model_and_finds_out_when_it_is_well(serve, stub, reply):
    now = 0.0
    stub.script("primary-1", reply(status=500))
    serving = serve(retry={"tries": 1})
    for circuit in serving.runtime.agents.circuits().values():
        circuit._clock = lambda: now
    for _ in range(5):
        assert rung(serving.chat()) == "L1"
    assert len(stub.asked("primary-1")) == 3
    state = 'mooring_circuit_state{endpoint="primary",kind="model",profile="quick"}'
    assert f"{state} 2.0" in serving.http.get("/metrics").text
    stub.script("primary-1", reply("well again"))
    now = 60.0
    assert rung(serving.chat()) == "L0"
    assert f"{state} 0.0" in serving.http.get("/metrics").text


def test_a_primary_that_alternates_does_not_flip_the_traffic(serve, stub, reply):
    """A question every 20 ms by the circuit's clock: each relapse keeps the primary out twice as long."""
    now = 0.0
    good, bad = reply("good"), reply(status=500)
    stub.script("primary-1", bad, bad, bad, *[good, bad] * 20)
    stub.script("alternate-1", reply("second"))
    serving = serve(retry={"tries": 1}, breaker={"openSeconds": 0.1})
    for circuit in serving.runtime.agents.circuits().values():
        circuit._clock = lambda: now
    rungs = []
    for _ in range(60):
        rungs.append(rung(serving.chat()))
        now += 0.02
    assert set(rungs) == {"L0", "L1"}
    came_back = [number for number, answered in enumerate(rungs) if answered == "L0"]
    assert came_back == [7, 18, 39]


def test_an_empty_answer_is_tried_again_and_then_left(serve, stub, reply):
    stub.script("primary-1", reply(""), reply("here"))
    assert rung(serve().chat()) == "L0"
    stub.script("primary-1", reply(""))
    assert rung(serve().chat()) == "L1"
    assert len(stub.asked("primary-1")) == 4


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_answer_that_length_or_a_filter_emptied_goes_to_the_next_rung_at_once(serve, stub, reply, stream):
    for finish in ("length", "content_filter"):
        stub.script("primary-1", reply("", finish=finish))
        assert rung(serve().chat(stream=stream)) == "L1"
    assert len(stub.asked("primary-1")) == 2


def test_a_text_that_length_cut_off_is_given_as_it_is(serve, stub, reply):
    stub.script("primary-1", reply("to be conti", finish="length"))
    answer = serve().chat()
    assert (rung(answer), answer.json()["choices"][0]["finish_reason"]) == ("L0", "length")


def test_cut_off_json_goes_to_the_next_rung_without_a_repair(serve, stub, reply):
    stub.script("primary-1", reply('{"ok": ', finish="length"))
    stub.script("alternate-1", reply('{"ok": 1}'))
    assert rung(serve().chat(agent="json")) == "L1"
    assert len(stub.asked("primary-1")) == 1


def test_json_that_breaks_the_schema_on_every_rung_ends_in_the_apology(serve, stub, reply):
    for model in ALL:
        stub.script(model, reply('{"no": 1}'))
    answer = serve().chat(agent="json")
    assert (rung(answer), answer.json()["choices"][0]["message"]["content"]) == ("L4", "Sorry.")
    assert [len(stub.asked(model)) for model in ALL] == [2, 2, 2]


@pytest.mark.parametrize("tool", [("nothing_like_it", {}), ("find_order", "not an object")])
def test_a_call_that_makes_no_sense_is_tried_again_and_then_left(serve, stub, reply, tool):
    stub.script("primary-1", reply(tool=tool))
    stub.script("alternate-1", reply("no tool needed"))
    assert rung(serve().chat()) == "L1"
    assert len(stub.asked("primary-1")) == 2


@pytest.mark.parametrize("status", [500, 429, 401])
def test_only_the_profile_retries_never_the_sdk(serve, stub, reply, status):
    for model in ALL:
        stub.script(model, reply(status=status))
    serve(retry={"tries": 3}).chat()
    assert [len(stub.asked(model)) for model in ALL] == ([1, 1, 1] if status == 401 else [3, 2, 1])


def test_what_a_request_cost_in_tries_is_measured(serve, stub, reply):
    stub.script("primary-1", reply(status=500), reply("ok"))
    serving = serve()
    serving.chat()
    metrics = serving.http.get("/metrics").text
    assert 'mooring_retries_total{error_type="ModelServerError",gen_ai_request_model="primary-1"} 1.0' in metrics
    assert 'mooring_rungs_total{gen_ai_agent_name="support",rung="L0"} 1.0' in metrics
    assert 'gen_ai_token_type="input"' in metrics
    assert "gen_ai_server_request_duration_seconds_count" in metrics
