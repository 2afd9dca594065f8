"""The state of an environment in one word: what is not known is never taken for healthy."""

from typing import Any

import pytest

from mooring.report.page.judgement import judge
from mooring.report.page.sentence import because
from mooring.report.page.words import words
from tests.report.page.story import down, in_trouble, runtime, serving

W = words("en")
BEHIND = {"behind": {"release": "sha256:" + "a" * 64, "why": ""}}


def live(**changes: Any) -> dict[str, Any]:
    data = serving()
    data["slots"]["green"] |= changes
    return data


def test_all_is_well() -> None:
    assert judge(serving()).state == "serving"
    assert judge(serving()).reasons == ()


def test_the_reasons_of_trouble_are_all_told() -> None:
    found = judge(in_trouble())
    assert found.state == "degraded"
    assert [because(W, reason).replace("\u00a0", " ") for reason in found.reasons] == [
        "support: the breaker of L0 (openai/gpt-4-1) is open",
        "the canary of support failed: answered from L2 and not L0",
        "openai/gpt-4-1 is in alarm: no answer within 10 s",
        "uptime is missed: 99.12 %, wanted ≥ 99.5 %",
    ]


@pytest.mark.parametrize(
    ("data", "state", "why"),
    [
        (down(), "down", "no process of the environment runs on this machine"),
        (serving() | {"live": None}, "down", "neither slot has the traffic"),
        (live(ready=False, workers=[]), "down", "green has the traffic and is not ready"),
        (live(ready=False, workers=[], reasons=["a", "b"]), "down", "green has the traffic and is not ready: a; b"),
        (live(accepting=False), "down", "green is live and accepts no connections"),
        (live(runtime={}), "degraded", "green serves, but says nothing about its rungs and breakers"),
        (serving() | {"ledger": BEHIND}, "degraded", "this machine is behind the ledger: aaaaaaaaaaaa is live there"),
    ],
)
def test_trouble_is_told_with_its_reason(data: dict[str, Any], state: str, why: str) -> None:
    found = judge(data)
    assert (found.state, because(W, found.reasons[0])) == (state, why)


def test_some_workers_that_are_ready_serve_less_well() -> None:
    workers = [{"ready": True}, {"ready": False}]
    found = judge(live(ready=False, workers=workers))
    assert (found.state, because(W, found.reasons[0])) == ("degraded", "1 of 2 workers of green are ready")


@pytest.mark.parametrize("change", [{"running": None}, {"slots": {}}, {"slots": None}])
def test_what_nobody_could_say_is_unknown(change: dict[str, Any]) -> None:
    assert judge(serving() | change).state == "unknown"


def test_objectives_and_checks_that_are_not_known_are_no_trouble_and_no_health() -> None:
    data = serving() | {"objectives": None, "patrol": None}
    assert judge(data).state == "serving"
    assert (
        judge(live(runtime=runtime(canaries={"support": {"ok": True, "detail": "not asked yet", "age": 0}}))).state
        == "serving"
    )
