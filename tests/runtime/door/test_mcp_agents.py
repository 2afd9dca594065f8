"""An agent is a tool that the official MCP client lists and calls, in the protocol's older and newer form."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from mooring.release.release import Release
from mooring.runtime.door.mcp import calls
from mooring.runtime.door.mcp.tools import RESULT, tools_of
from tests.runtime.door.offering import offering
from tests.runtime.sample import limits


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """The protocol with the handshake of 2025, and the one without any."""
    return str(request.param)


def talk(serving: Any, mode: str, what: Callable[[Client], Awaitable[Any]]) -> Any:
    """What a client gets that connects, does `what` and leaves."""

    async def connected() -> Any:
        async with Client(f"{serving.url}/mcp", mode=mode) as client:
            return await what(client)

    return asyncio.run(connected())


def call(serving: Any, mode: str, tool: str = "support", **arguments: Any) -> Any:
    """The result of one call."""
    return talk(serving, mode, lambda client: client.call_tool(tool, {"message": "hi"} | arguments))


def refused(serving: Any, mode: str, tool: str) -> MCPError:
    """The error of the protocol that ends a call."""

    async def caught(client: Client) -> MCPError:
        with pytest.raises(MCPError) as error:
            await client.call_tool(tool, {"message": "hi"})
        return error.value

    error: MCPError = talk(serving, mode, caught)
    return error


def tools(serving: Any, mode: str) -> dict[str, Any]:
    return {tool.name: tool for tool in talk(serving, mode, lambda client: client.list_tools()).tools}


def test_every_agent_is_a_tool_with_its_description(offer, mode):
    listed = tools(offer(), mode)
    assert {name: tool.description for name, tool in listed.items()} == {
        name: f"Agent {name}" for name in ("support", "page", "json", "bounded")
    }


def test_arguments_are_the_message_and_what_of_the_prompt_a_request_may_fill(offer, mode):
    schema = tools(offer(), mode)["page"].input_schema
    Draft202012Validator.check_schema(schema)
    arguments = Draft202012Validator(schema)
    assert arguments.is_valid({"message": "hi", "variables": {"page": "start"}, "conversation": "c-1"})
    for wrong in ({}, {"message": ""}, {"message": "x" * 2001}, {"message": "hi", "conversation": "a b"}):
        assert not arguments.is_valid(wrong)
    assert not arguments.is_valid({"message": "hi", "variables": {"shop": "Tidewater"}})
    assert "x-untrusted" not in str(schema)


def test_hints_say_what_the_tools_of_an_agent_can_do(offer, mode):
    listed = tools(offer(), mode)
    assert not listed["support"].annotations.read_only_hint
    assert not listed["support"].annotations.idempotent_hint
    assert listed["bounded"].annotations.read_only_hint
    assert listed["page"].annotations.read_only_hint
    assert not listed["page"].annotations.open_world_hint


def test_a_call_is_answered_with_text_and_with_facts(offer, mode, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    result = call(offer(), mode)
    assert not result.is_error
    assert [block.text for block in result.content] == ["It has shipped."]
    facts = result.structured_content
    Draft202012Validator(RESULT).validate(facts)
    assert facts.pop("run").startswith("run_")
    assert facts == {
        "answer": "It has shipped.",
        "status": "done",
        "rung": "L0",
        "approvals": [],
        "cost_usd": 0.0018,
        "simulated": True,
    }


def test_variables_fill_the_prompt(offer, mode, stub):
    call(offer(), mode, "page", variables={"page": "checkout"})
    assert stub.asked("primary-1")[0]["messages"][0]["content"] == "On checkout"


def test_a_conversation_is_begun_and_continued(offer, mode, stub, reply):
    stub.script("primary-1", reply("Hello Ann."), reply("You are Ann."))
    serving = offer()
    name = call(serving, mode, message="I am Ann", conversation="new").structured_content["conversation"]
    assert call(serving, mode, message="who?", conversation=name).structured_content["conversation"] == name
    said = [message["content"] for message in stub.asked("primary-1")[1]["messages"][1:]]
    assert said == ["Customer: I am Ann", "Hello Ann.", "Customer: who?"]
    assert serving.http.get(f"/conversations/{name}").json()["turns"] == 2


@pytest.mark.slow
def test_progress_grows_and_says_what_the_run_does(offer, mode, stub, reply, monkeypatch):
    monkeypatch.setattr(calls, "PROGRESS_SECONDS", 0.05)
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})), reply("shipped", delay=0.3))
    stub.script("shop", reply(body={}, delay=0.3))
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    result = talk(
        offer(), mode, lambda client: client.call_tool("support", {"message": "hi"}, progress_callback=on_progress)
    )
    assert result.content[0].text == "shipped"
    seconds = [progress for progress, _, _ in told]
    assert len(seconds) > 4
    assert seconds == sorted(set(seconds))
    run = result.structured_content["run"]
    assert {message for _, _, message in told} == {f"{run} calls find_order", f"{run} waits for the model"}
    assert {total for _, total, _ in told} == {8}


def test_a_durable_run_is_there_for_whoever_knows_its_id(offer, mode):
    serving = offer(checkpoint={"mode": "durable"}, deadlineSeconds=20)
    facts = call(serving, mode).structured_content
    run = serving.http.get(f"/runs/{facts['run']}").json()
    assert (run["status"], run["answer"], run["rung"]) == ("done", facts["answer"], facts["rung"])


def test_a_call_that_needs_approval_says_so_and_goes_on_when_approved(offer, mode, stub, reply):
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})), reply("Refunded."))
    stub.script("shop", reply(body={}))
    serving = offer()
    facts = call(serving, mode).structured_content
    Draft202012Validator(RESULT).validate(facts)
    assert facts["status"] == "awaiting-approval"
    assert [(each["tool"], each["arguments"]) for each in facts["approvals"]] == [
        ("refund_order", {"order": "A1", "cents": 5})
    ]
    run = serving.http.post(f"/runs/{facts['run']}/approve?wait=5").json()
    assert (run["status"], run["answer"]) == ("done", "Refunded.")


@pytest.mark.parametrize(
    ("arguments", "code", "param"),
    [
        ({"message": ""}, "invalid_request", "message"),
        ({"message": 5}, "invalid_request", "message"),
        ({"message": "x" * 2001}, "invalid_request", "message"),
        ({"history": []}, "invalid_request", "history"),
        ({"conversation": "a b"}, "invalid_request", "conversation"),
        ({"variables": {"shop": "mine"}}, "unknown_variable", "variables"),
        ({"variables": {"page": 5}}, "invalid_request", "page"),
    ],
)
def test_wrong_arguments_are_an_error_that_the_clients_model_can_read(offer, mode, stub, arguments, code, param):
    result = call(offer(), mode, **arguments)
    assert result.is_error
    assert result.content[0].text.startswith(f"{code}: ")
    assert (result.structured_content["error"]["code"], result.structured_content["error"]["param"]) == (code, param)
    assert not stub.requests


def test_a_run_that_fails_is_an_error_and_counts_as_a_failed_request(offer, mode, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})))
    stub.script("shop", reply(body={}))
    serving = offer()
    result = call(serving, mode, "bounded")
    assert result.is_error
    assert result.structured_content["error"]["code"] == "run_limit_exceeded"
    assert result.structured_content["run"].startswith("run_")
    assert serving.settled()["failed"] == 1


def test_what_nobody_foresaw_is_an_error_without_its_words(offer, mode, monkeypatch):
    serving = offer()

    async def begin(*_: object) -> None:
        raise RuntimeError("the password is tide")

    monkeypatch.setattr(serving.runtime.runs, "begin", begin)
    result = call(serving, mode)
    assert result.is_error
    assert result.structured_content["error"]["code"] == "internal_error"
    assert "tide" not in result.model_dump_json()
    assert serving.settled()["failed"] == 1


@pytest.mark.parametrize("tool", ["nobody", "", "x" * 500])
def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(offer, mode, tool):
    error = refused(offer(), mode, tool)
    assert error.message == f"there is no tool {tool[:80]!r} here"
    assert (error.code, error.data) == (INVALID_PARAMS, {"code": "model_not_found"})


def test_a_model_that_fails_is_stood_in_for_by_the_next_rung(offer, mode, stub, reply):
    stub.script("primary-1", reply(status=503))
    stub.script("alternate-1", reply("from the alternate"))
    facts = call(offer(), mode).structured_content
    assert (facts["answer"], facts["rung"]) == ("from the alternate", "L1")


def test_clients_at_once_get_their_own_answers(offer, mode, stub):
    serving = offer(ladder=limits(3))

    async def many() -> list[str]:
        async def one(number: int) -> list[str]:
            async with Client(f"{serving.url}/mcp", mode=mode) as client:
                asked = {"message": "m", "variables": {"page": f"p{number}"}}
                return [(await client.call_tool("page", asked)).structured_content["run"] for _ in range(3)]

        return [run for runs in await asyncio.gather(*map(one, range(5))) for run in runs]

    assert len(set(asyncio.run(many()))) == 15
    pages = sorted(body["messages"][0]["content"] for body in stub.asked("primary-1"))
    assert pages == sorted(f"On p{number}" for number in range(5) for _ in range(3))


def renamed(release: Release, name: str) -> Release:
    """The release with its agent `support` under another name."""
    content = release.content
    agents = {name: content.agents["support"].model_copy(update={"name": name})}
    return Release.of(content.model_copy(update={"agents": agents}))


def test_a_name_with_folders_is_one_that_clients_take(serve, build, mode):
    serving = serve(renamed(offering(build()), "shop/eu/support-desk"))
    assert list(tools(serving, mode)) == ["shop_eu_support-desk"]
    assert call(serving, mode, "shop_eu_support-desk").content[0].text == "hello"
    assert refused(serving, mode, "shop/eu/support-desk").code == INVALID_PARAMS


def test_an_input_that_must_be_filled_is_required_with_what_its_schema_refers_to(build):
    content = build().content
    prompt = content.prompts["page"]
    inputs = prompt.input | {
        "properties": prompt.input["properties"] | {"page": {"$ref": "#/$defs/page", "x-untrusted": True}},
        "required": ["message", "shop", "page"],
        "$defs": {"page": {"enum": ["start"]}},
    }
    prompts = {**content.prompts, "page": prompt.model_copy(update={"input": inputs})}
    arguments = Draft202012Validator(tools_of(content.model_copy(update={"prompts": prompts}))["page"].input_schema)
    assert arguments.is_valid({"message": "hi", "variables": {"page": "start"}})
    for wrong in ({"message": "hi"}, {"message": "hi", "variables": {}}, {"message": "hi", "variables": {"page": "x"}}):
        assert not arguments.is_valid(wrong)
