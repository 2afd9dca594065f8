"""A canary asks while its slot is live, and what it heard is told with its age."""

import asyncio
import time

import pytest

from mooring.runtime.core.problems import Problem
from mooring.runtime.watch.health.canary import Canary
from mooring.spec.resilience import Canary as Policy

POLICY = Policy(say="ping", expect="(?i)pong", every_seconds=10)


class Scene:
    """A canary with a hand on its clock and its agent."""

    def __init__(self, live=True):
        self.now, self.live, self.text, self.asked = 0.0, live, "Pong!", []
        self.canary = Canary("support", POLICY, self.ask, lambda: self.live, lambda: self.now)

    async def ask(self, agent, message):
        self.asked.append((agent, message))
        self.now += 0.5
        if self.text is None:
            raise Problem("internal_error", "private words")
        return self.text

    def result(self):
        return asyncio.run(self.canary.check(5.0).result())


@pytest.mark.parametrize(
    ("text", "ok", "detail"),
    [
        ("pong", True, ""),
        ("I like turtles.", False, "the answer has no match of '(?i)pong'"),
        (None, False, "internal_error"),
    ],
)
def test_the_answer_is_compared_with_what_is_known(text, ok, detail):
    scene = Scene()
    scene.text = text
    asyncio.run(scene.canary.ask())
    result = scene.result()
    assert (result.ok, result.detail, result.value) == (ok, detail, 0.5)
    assert scene.asked == [("support", "ping")]


def test_what_was_heard_grows_old_and_then_says_nothing_any_more():
    scene = Scene()
    asyncio.run(scene.canary.ask())
    scene.now += 20
    assert scene.result().data(scene.now)["age_seconds"] == 20
    scene.now += 6
    result = scene.result()
    assert (result.ok, result.detail) == (False, "was not asked for 26 s")


def test_a_slot_without_traffic_asks_nothing_and_is_not_blamed():
    scene = Scene(live=False)

    async def wait():
        scene.canary.start()
        await asyncio.sleep(0.05)
        scene.canary.stop()

    asyncio.run(wait())
    assert scene.asked == []
    result = scene.result()
    assert (result.ok, result.detail) == (True, "asked only while the slot is live")


def test_it_asks_the_agent_of_its_profile_for_real(serve, stub, reply):
    stub.script("primary-1", reply("The answer is 42."))
    serving = serve(health={"canary": {"say": "How much?", "expect": "42", "everySeconds": 10}})
    end = time.monotonic() + 10
    while "behaviour/canary:support ok (" not in (told := serving.http.get("/healthz/canary:support?verbose").text):
        assert time.monotonic() < end, told
        time.sleep(0.05)
    assert "How much?" in str(stub.asked("primary-1"))
