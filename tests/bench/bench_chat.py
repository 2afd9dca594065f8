"""Chat while an environment serves 16 clients: from a signed request to its acknowledgement, and to the flipped slot.

`python -m tests.bench.bench_chat supervisor OPTIONS` and `... slot OPTIONS` are Mooring's own processes, with a slot
that answers after 20 ms.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import yaml

from mooring.chat.platforms.platform import Incoming
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import locate
from mooring.targets.local import supervisor
from mooring.targets.local.target import Local
from tests.bench.bench_switch import GOLDEN, ROOT, _process
from tests.bench.row import Row
from tests.chat.standins.slack import USER, Slack

REQUESTS, PAUSE = 300, 0.03
"""How many commands are sent, and seconds between them."""

ROLLBACKS = 5
MOST_SECONDS, MOST_FLIP_SECONDS = 0.050, 1.0
SERVICE = b"sleep=0.02"


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        slack = stack.enter_context(Slack().serving())
        os.environ.update(slack.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "scripts"), str(ROOT)))})
        house = House(Path(folder), slack)
        stack.callback(house.close)
        house.deploy(0)
        load = stack.enter_context(_process("-m", "tests.bench.load", house.url, stdout=subprocess.PIPE))
        acknowledged = house.acknowledged()
        flipped = [house.rolled_back(number) for number in range(1, ROLLBACKS + 1)]
        load.send_signal(signal.SIGTERM)
        answers = json.loads(load.communicate()[0])
    lost = sum(bool(error) for _when, _who, error in answers)
    p99, worst = statistics.quantiles(acknowledged, n=100)[98], max(flipped)
    return [
        Row(
            f"signed request to acknowledgement, p99 of {len(acknowledged)}",
            f"{p99 * 1000:.1f} ms, median {statistics.median(acknowledged) * 1000:.1f} ms",
            limit=f"< {MOST_SECONDS * 1000:.0f} ms",
            ok=p99 < MOST_SECONDS,
        ),
        Row(
            f"/deploy rollback, signed press to flipped slot, worst of {ROLLBACKS}",
            f"{worst * 1000:.0f} ms, median {statistics.median(flipped) * 1000:.0f} ms",
            limit=f"< {MOST_FLIP_SECONDS:.0f} s",
            ok=worst < MOST_FLIP_SECONDS,
        ),
        Row(
            "requests lost meanwhile",
            f"{lost} of {len(answers):,}",
            limit="0 lost",
            ok=lost == 0 and len(answers) > REQUESTS,
        ),
    ]


class House:
    """An environment with light slots, and its door."""

    def __init__(self, folder: Path, slack: Slack) -> None:
        self.slack, state = slack, folder / ".mooring" / "local"
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        command = (sys.executable, "-m", "tests.bench.bench_chat", "supervisor")
        self.local = Local(folder, _release(0).content.environment, state, command)
        self.local.ensure()
        self.ledger = Ledger(locate(folder, _release(0).content.environment, state))

    @property
    def url(self) -> str:
        return str(self.local.status().url)

    def close(self) -> None:
        self.local.down()
        self.ledger.close()

    def deploy(self, number: int) -> None:
        driver.deploy(self.local, self.ledger, driver.Request(_release(number), "bench"), lambda _line: None)
        self._door = _until(lambda: self.local.status().chat)

    def acknowledged(self) -> list[float]:
        """Seconds from each command to its acknowledgement."""
        self._send(self.slack.slash("/agent status", time.time()))  # once, so that everything is imported
        _until(lambda: self.slack.messages)
        took = []
        for _ in range(REQUESTS):
            said = self.slack.slash("/agent status", time.time())
            began = time.perf_counter()
            self._send(said)
            took.append(time.perf_counter() - began)
            time.sleep(PAUSE)
        return took

    def rolled_back(self, number: int) -> float:
        """Seconds from the press that confirms a rollback to the slot that serves instead."""
        self.deploy(number)
        live = self._live()
        self.slack.messages.clear()
        self._send(self.slack.slash("/deploy rollback", time.time()))
        yes, ts = _until(self._question)
        pressed = self.slack.press(yes, time.time(), ts=ts)
        began = time.perf_counter()
        self._send(pressed)
        while self._live() == live:
            if time.perf_counter() - began > 60:
                raise TimeoutError(f"nothing was rolled back: {self.local.logs('chat', 20)}")
        took = time.perf_counter() - began
        _until(lambda: self.ledger.state("local").phase == "idle")
        return took

    def _live(self) -> str:
        side = self.local.facts().live
        return side.digest if side else ""

    def _question(self) -> tuple[str, str] | None:
        """The button that says yes, and where it is."""
        for (_channel, ts), message in list(self.slack.messages.items()):
            for block in message.get("blocks", ()):
                for each in block.get("elements", ()):
                    if "value" in each:
                        return each["value"], ts
        return None

    def _send(self, incoming: Incoming) -> None:
        connection = HTTPConnection(str(self._door).removeprefix("http://"), timeout=30)
        connection.request("POST", "/slack", incoming.body, dict(incoming.headers))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 200, answer.status


def _release(number: int) -> Release:
    """Each number is another one, which connects Slack."""
    data = ReleaseContent.model_validate(yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))).model_dump(mode="json")
    data["environment"] |= {"endpoints": "real", "services": {"shop": "http://127.0.0.1:9"}, "chat": "chat"}
    data["environment"] |= {"name": "local", "description": f"the {number}th"}
    data["environment"]["rollout"] |= {"bakeSeconds": 0.1}
    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0", "description": "Chat."}
    people = [{"name": "anna", "slack": USER, "roles": ["operator"]}]
    chat = {**head, "owner": "@acme/agents", "people": people, "roles": {"operator": {"commands": ["*"]}}}
    data["chats"] = {"chat": {**chat, "perMinute": 600, "slack": Slack.door}}
    return Release.of(ReleaseContent.model_validate(data))


def _until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (value := holds()):
        if time.monotonic() > end:
            raise TimeoutError("it takes too long")
        time.sleep(0.01)
    return value


class Slower:
    """Each answer takes 20 ms."""

    def __init__(self, app: Any) -> None:
        self.app, self.state = app, app.state

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "query_string": SERVICE} if scope["type"] == "http" else scope, receive, send)


def main(argv: list[str]) -> int:
    """Runs until told to end."""
    if argv[0] == "slot":
        from mooring.runtime.process import slot
        from mooring.runtime.process.__main__ import main as serve_slot
        from tests.targets.local.light_slot import build

        vars(slot)["preload"] = lambda: None
        return serve_slot(argv[1:], lambda release, settings: Slower(build(release, settings)))
    command = (sys.executable, "-m", "tests.bench.bench_chat", "slot")
    return supervisor.main(argv[1:], supervisor.Commands(slot=command, monitor=()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
