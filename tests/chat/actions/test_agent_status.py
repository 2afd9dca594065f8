"""`/agent status` tells of every agent of the live slot, in the language it was asked in."""

import time
from typing import Any

from mooring.chat.actions.agent import status
from mooring.chat.command import Command
from mooring.operate.agents import agents
from mooring.rollout.state import Side
from mooring.rollout.target import Facts, SlotFacts, WorkerFacts
from tests.chat.actions.conftest import facts as facts_of

DIGEST = f"sha256:{'ab' * 32}"


def agent(breakers: dict[str, str], **more: Any) -> dict[str, Any]:
    rungs = {rung: {"model": f"model/{rung}", "breaker": state, "opens_in": 0} for rung, state in breakers.items()}
    return {"rungs": rungs, "answered": {}, **more}


def slot(ready: bool = True, canaries: dict[str, Any] | None = None, **agents: Any) -> Facts:
    workers = tuple(WorkerFacts(number, number, ready or number == 1, True, 0, 0, 0) for number in (1, 2))
    runtime = {"agents": agents, "canaries": canaries or {}}
    reasons = () if ready else ("worker 2: the key is missing",)
    live = SlotFacts(DIGEST, 1, ready, reasons, True, in_flight=7, runtime=runtime, workers=workers)
    return Facts(Side("green", DIGEST), {"blue": SlotFacts(), "green": live})


def test_an_agent_is_down_degraded_or_healthy_with_every_reason() -> None:
    good, half, none = {"L0": "closed", "L1": "closed"}, {"L0": "open", "L1": "half-open"}, {"L0": "open"}
    canaries = {"billing": {"ok": False, "detail": "it says nothing", "age": 3}}
    seen = agents(slot(canaries=canaries, desk=agent(good), sales=agent(half), billing=agent(good), last=agent(none)))
    assert [(one.name, one.health) for one in seen] == [
        ("billing", "degraded"),
        ("desk", "healthy"),
        ("last", "down"),
        ("sales", "degraded"),
    ]
    assert seen[0].reasons == (("canary", "it says nothing"),)
    assert seen[3].reasons == (("breaker", "L0 model/L0"),)


def test_an_agent_that_lately_apologised_is_degraded_and_one_of_a_slot_that_starts_again_serves_on() -> None:
    [apologised] = agents(slot(desk=agent({"L0": "closed"}, lately={"L0": 8, "L4": 2})))
    assert (apologised.health, apologised.reasons) == ("degraded", (("poor", "2"),))
    [serving] = agents(slot(ready=False, desk=agent({"L0": "closed"})))
    assert (serving.health, serving.reasons) == ("degraded", (("not-ready", "worker 2: the key is missing"),))


def test_nothing_is_said_of_agents_where_nothing_is_live() -> None:
    assert agents(Facts(None, {})) == []


class Target:
    """Answers as it is told."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def facts(self) -> Facts:
        return self._facts


def answered(found: Facts, language: Any = "en") -> Any:
    context: Any = type("Context", (), {"target": Target(found), "environment": "staging", "person": "alice"})
    return status.run(Command("agent status", {}, language), context, print)


def test_the_answer_has_a_row_for_each_agent_and_the_facts_of_the_slot() -> None:
    error = {"problem": "deadline_exceeded", "at": time.time() - 185, "run": "run_1"}
    more = {"lately": {"L0": 1200, "L1": 3}, "in_flight": 4, "last_error": error}
    found = slot(sales=agent({"L0": "open", "L1": "closed"}, **more), desk=agent({"L0": "closed"}))
    answer = answered(found)
    assert answer.title == "staging: 1 of 2 agents healthy"
    assert facts_of(answer) == {"Live": "abababababab in green", "Workers": "2 of 2 ready", "In flight": "7"}
    assert answer.table[1:] == (
        ("desk", "green", "healthy", "-", "-", "-"),
        (
            "sales",
            "green",
            "degraded: the breaker of L0 model/L0 is open",
            "L0 1,200, L1 3",
            "4",
            "deadline_exceeded, 3 min ago",
        ),
    )


def test_in_chinese_it_says_the_same() -> None:
    error = {"problem": "deadline_exceeded", "at": time.time() - 185, "run": "run_1"}
    answer = answered(slot(sales=agent({"L0": "open", "L1": "closed"}, last_error=error)), "zh-CN")
    assert answer.title == "staging：1 个智能体中 0 个正常"
    assert answer.table[1][2] == "降级：L0 model/L0 的熔断器已打开"
    assert answer.table[1][5] == "deadline_exceeded, 3 分钟前"
