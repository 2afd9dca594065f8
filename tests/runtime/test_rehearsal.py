"""A rehearsal runs an agent as ever, but for calls that would change something real."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mooring.release.release import Release
from mooring.rollout.objectives.measure import measure
from mooring.rollout.objectives.window import Between, of_processes
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.rehearsal import rehearse, withheld
from mooring.runtime.runtime import Runtime
from mooring.runtime.watch.reading import families
from mooring.spec.suite import ModelAnswer
from mooring.state.runs import memories
from mooring.state.runs.memories import Choice, Limits, Memory, Owner
from mooring.state.transactions import Transactions
from tests.operate.objectives.document import document
from tests.runtime.recalling import recalling

FIND = ("find_order", {"order": "A-1"})
REFUND = ("refund_order", {"order": "A-1"})


def placed(release: Release, url: str) -> Release:
    """The release with its service at a URL."""
    environment = release.content.environment.model_copy(update={"services": {"shop": url}})
    tools = {name: tool.model_copy(update={"approval": "none"}) for name, tool in release.content.tools.items()}
    return Release.of(release.content.model_copy(update={"environment": environment, "tools": tools}))


def rehearsed(release: Release, url: str, state: Path, said: ModelAnswer | None = None) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        runtime = Runtime(release, Settings("blue", state, url))
        await runtime.start()
        try:
            return await rehearse(runtime, "support", Turn("Refund A-1."), "smoke-1", said)
        finally:
            await runtime.close()

    return asyncio.run(ask())


@pytest.fixture
def stubbed(stub, reply):
    """The model reads an order, writes a refund, and answers."""
    stub.script("primary-1", reply(tool=FIND), reply(tool=REFUND), reply("done"))
    stub.script("shop", reply(body={"status": "shipped"}))
    return stub


def test_a_tool_that_writes_to_a_real_service_is_not_called(stubbed, build, tmp_path):
    release = placed(build(), f"{stubbed.url}/services/shop")
    assert withheld(release.content) == {"refund_order"}
    said = rehearsed(release, stubbed.url, tmp_path)
    assert [method for method, *_ in stubbed.services] == ["GET"]
    assert [call["name"] for call in said["calls"]] == ["find_order", "refund_order"]
    assert said["calls"][1]["arguments"] == {"order": "A-1"}
    assert "this is a rehearsal" in said["calls"][1]["error"]
    assert (said["text"], said["rung"], said["error"]) == ("done", "L0", None)


def test_a_simulated_service_takes_every_call(stubbed, build, tmp_path):
    release = placed(build(), "simulated")
    assert withheld(release.content) == frozenset()
    said = rehearsed(release, stubbed.url, tmp_path)
    assert [method for method, *_ in stubbed.services] == ["GET", "POST"]
    assert {headers["x-mooring-run"] for _, _, headers, _ in stubbed.services} == {"smoke-1"}
    assert [call["error"] for call in said["calls"]] == [None, None]


def test_a_run_that_ends_in_a_problem_says_so(stub, reply, build, tmp_path):
    stub.script("primary-1", *[reply(tool=FIND)] * 30)
    stub.script("shop", reply(body={"status": "shipped"}))
    said = rehearsed(build(), stub.url, tmp_path)
    assert said["text"] == ""
    assert said["error"]


ANSWER = ModelAnswer.model_validate({"calls": [{"tool": "find_order", "args": {"order": "A-7"}}], "text": "as written"})


def test_a_case_may_say_what_a_simulated_model_answers(stubbed, build, tmp_path):
    said = rehearsed(build(), stubbed.url, tmp_path, ANSWER)
    assert (said["text"], said["rung"]) == ("as written", "L0")
    assert [call["arguments"] for call in said["calls"]] == [{"order": "A-7"}]
    assert stubbed.requests == []


def test_a_case_never_says_what_a_real_model_answers(stub, reply, build, tmp_path):
    real = build(endpoints="real").content
    models = {name: model.model_copy(update={"base_url": f"{stub.url}/v1"}) for name, model in real.models.items()}
    stub.script("primary-1", reply("as it is"))
    said = rehearsed(Release.of(real.model_copy(update={"models": models})), stub.url, tmp_path, ANSWER)
    assert (said["text"], said["calls"]) == ("as it is", [])


def test_a_rehearsal_has_memories_of_its_own_and_leaves_the_real_ones_alone(stub, reply, build, tmp_path):
    kept = Transactions(f"sqlite:///{tmp_path / 'state.db'}")
    real = Memory.new(Owner("", "", "people"), "A real memory of size.", ("support", "sha256:1", "run_1"), 1e9, 1e9)
    kept.write(lambda connection: memories.remember(connection, real, Limits(9, 9999, 1e9)))
    remember, recall = ("remember", {"text": "Wears size M."}), ("recall", {"query": "size"})

    async def ask() -> list[Any]:
        runtime = Runtime(recalling(build()), Settings("blue", tmp_path, stub.url))
        assert withheld(runtime.release.content) == frozenset()
        await runtime.start()
        told = []
        try:
            for run, tool in (("one", remember), ("one", recall), ("two", recall)):
                stub.script("primary-1", reply(tool=tool), reply("done"))
                said = await rehearse(runtime, "support", Turn("hi"), run, memories=["Likes any size."])
                told.append(said["calls"][0]["result"])
        finally:
            await runtime.close()
        return told

    remembered, first, second = asyncio.run(ask())
    assert remembered == {"remembered": True}
    assert [memory["text"] for memory in first["memories"]] == ["Wears size M.", "Likes any size."]
    assert [memory["text"] for memory in second["memories"]] == ["Likes any size."]
    assert kept.read(lambda connection: memories.chosen(connection, Choice(), 9)) == [real]
    kept.close()


def test_what_is_promised_to_users_is_not_measured_by_rehearsals_and_canaries(serve, stub, reply):
    """But they are counted apart, with the rung that answered."""
    stub.script("primary-1", *[reply(status=500), reply("ok")] * 3)
    serving = serve()
    runtime = serving.runtime
    objectives = document()

    def measured():
        totals = of_processes([("1", families(runtime.metrics.registry))])
        return {one.name: one.events for one in measure(objectives, Between({}, totals, 60))}, Between({}, totals, 60)

    def done(work):
        return asyncio.run_coroutine_threadsafe(work, serving.loop).result(10)

    done(rehearse(runtime, "support", Turn("Where is it?"), "smoke-1"))
    done(runtime.answer("support", "Where is it?"))
    events, window = measured()
    kinds = ("degradation", "p99", "mean", "retries", "context", "uptime")
    assert {name: events[name] for name in kinds} == dict.fromkeys(kinds, 0)
    assert window.increase("mooring_probed_runs_total", rung="L0") == 2
    serving.chat()
    serving.settled()
    events, window = measured()
    assert {name: events[name] for name in kinds} == dict.fromkeys(kinds, 1)
    assert window.increase("mooring_probed_runs_total") == 2
