"""A conversation goes on after the response that a request names."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest


def client(serving: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{serving.url}/v1", api_key="none", max_retries=0)


def said(stub: Any) -> list[str]:
    """What the user had said, as the model was last told."""
    told = [m["content"].removeprefix("Customer: ") for m in stub.asked("primary-1")[-1]["messages"]]
    return told[1::2]


def test_a_conversation_goes_on_in_the_other_slot(serve, stub):
    blue, green = client(serve()), client(serve(slot="green"))
    one = blue.responses.create(model="support", input="one")
    two = green.responses.create(model="support", input="two", previous_response_id=one.id)
    three = blue.responses.create(model="support", input="three", previous_response_id=two.id, stream=False)
    assert said(stub) == ["one", "two", "three"]
    assert (two.previous_response_id, three.previous_response_id) == (one.id, two.id)
    assert len(stub.asked("primary-1")[-1]["messages"]) == 6


def test_an_earlier_response_is_the_begin_of_a_branch(serve, stub):
    serving = serve()
    ours = client(serving)
    one = ours.responses.create(model="support", input="one")
    two = ours.responses.create(model="support", input="two", previous_response_id=one.id)
    ours.responses.create(model="support", input="three", previous_response_id=two.id)
    other = ours.responses.create(model="support", input="another", previous_response_id=one.id)
    assert said(stub) == ["one", "another"]
    ours.responses.create(model="support", input="and on", previous_response_id=other.id)
    assert said(stub) == ["one", "another", "and on"]
    ours.responses.create(model="support", input="four", previous_response_id=two.id)
    assert said(stub) == ["one", "two", "four"]


@pytest.mark.slow
def test_two_that_go_on_from_one_at_once_do_not_hear_each_other(serve, stub, reply):
    serving = serve()
    ours = client(serving)
    one = ours.responses.create(model="support", input="one")
    stub.requests.clear()
    stub.script("primary-1", reply("yes", delay=0.2))

    def go_on(word: str) -> Any:
        return ours.responses.create(model="support", input=word, previous_response_id=one.id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(go_on, "abcd"))
    told = [[m["content"] for m in body["messages"]][1::2] for body in stub.asked("primary-1")]
    assert sorted(told) == [["Customer: one", f"Customer: {word}"] for word in "abcd"]


def test_what_the_client_told_of_the_conversation_is_remembered(serve, stub):
    ours = client(serve())
    history: Any = [{"role": role, "content": role[0]} for role in ("user", "assistant", "user")]
    one = ours.responses.create(model="support", input=history)
    ours.responses.create(model="support", input="and?", previous_response_id=one.id)
    assert said(stub) == ["u", "u", "and?"]


def test_a_conversation_is_named(serve, stub):
    serving = serve()
    ours = client(serving)
    one = ours.responses.create(model="support", input="one", conversation="trip-7")
    ours.responses.create(model="support", input="two", conversation={"id": "trip-7"})
    assert said(stub) == ["one", "two"]
    assert one.conversation is not None
    assert one.conversation.id == "trip-7"
    shown = serving.http.get("/conversations/trip-7").json()
    assert [each["content"] for each in shown["messages"]][::2] == ["Customer: one", "Customer: two"]
    ours.responses.create(model="support", input="other", previous_response_id=one.id)
    assert said(stub) == ["one", "other"]


def test_a_new_conversation_has_a_name_that_nobody_knows(serve):
    ours = client(serve())
    made = [ours.responses.create(model="support", input="x", conversation="new").conversation for _ in range(2)]
    assert made[0]
    assert made[1]
    assert made[0].id != made[1].id


def test_an_apology_is_passed_over(serve, stub, reply):
    ours = client(serve())
    one = ours.responses.create(model="support", input="one")
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply(status=500))
    sorry = ours.responses.create(model="support", input="two", previous_response_id=one.id)
    assert sorry.model_extra is not None
    assert sorry.model_extra["mooring"]["rung"] == "L4"
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply("yes"))
    three = ours.responses.create(model="support", input="three", previous_response_id=sorry.id)
    assert three.output_text == "yes"
    asked = [body for body in stub.requests if body["messages"][-1]["content"] == "Customer: three"][-1]
    assert [m["content"] for m in asked["messages"]][1::2] == ["Customer: one", "Customer: three"]


def test_a_conversation_that_was_deleted_is_not_gone_on_with(serve):
    serving = serve()
    ours = client(serving)
    answer = serving.http.post("/v1/responses", json={"model": "support", "input": "one"})
    assert serving.http.delete(f"/conversations/{answer.headers['x-mooring-conversation']}").status_code == 204
    with pytest.raises(openai.BadRequestError) as caught:
        ours.responses.create(model="support", input="two", previous_response_id=answer.json()["id"])
    assert caught.value.code == "previous_response_not_found"


def test_what_is_being_made_is_not_gone_on_with(serve, stub, reply):
    stub.script("primary-1", reply("late", delay=0.3))
    ours = client(serve())
    one = ours.responses.create(model="support", input="one", background=True)
    with pytest.raises(openai.ConflictError) as caught:
        ours.responses.create(model="support", input="two", previous_response_id=one.id)
    assert caught.value.code == "conversation_busy"


def test_another_agent_does_not_go_on_with_it(serve):
    ours = client(serve())
    one = ours.responses.create(model="support", input="one")
    with pytest.raises(openai.ConflictError) as caught:
        ours.responses.create(model="page", input="two", previous_response_id=one.id)
    assert caught.value.code == "conversation_of_another_agent"
