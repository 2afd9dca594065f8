"""The steps of one run as the relay sees them, and the moment at which its process is killed."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil
from starlette.responses import Response

from mooring.operate.exercises.relay import Call

BEGUN, DONE, ANSWERED = "begun", "done", "answered"
"""A step has begun and its service knows nothing yet; it was done and the slot does not know; the last answer has
arrived and may not be written down."""

TOLD_SECONDS = 5.0
"""How long a first step is held back until whoever began the run knows its name."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a run: `number` counts its steps from 1. ANSWERED is so many seconds after the last one's answer."""

    number: int
    moment: str
    seconds: float = 0.0


def points(steps: int, seconds: float) -> list[Point]:
    """Every moment of a run with so many steps."""
    each = [Point(number, moment) for number in range(1, steps + 1) for moment in (BEGUN, DONE)]
    return [*each, Point(steps, ANSWERED, seconds)]


@dataclass
class Steps:
    """The calls of one run that is asked `say`. Of `processes` the one that carries it out is killed at `point`.

    `order` are its steps as they came; `finished` are those before the kill that something followed. `killed` and
    `resumed` are on the monotonic clock, 0 before. `effects` counts what services did for the first time, by key.
    """

    say: str
    processes: Iterable[int] = ()
    point: Point | None = None
    order: list[str] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    effects: Counter[str] = field(default_factory=Counter)
    killed: float = 0.0
    resumed: float = 0.0
    told: threading.Event = field(default_factory=threading.Event)
    died: threading.Event = field(default_factory=threading.Event)
    _cut: set[int] = field(default_factory=set)

    def begun(self, call: Call) -> Response | None:
        """Notes a step, and kills when it is time."""
        if (step := self._step(call)) is None:
            return None
        if not self.order:
            self.told.wait(TOLD_SECONDS)
        if self.killed and call.port not in self._cut:
            self.resumed = self.resumed or time.monotonic()
        elif not self.killed:
            # An answer of the model is finished once anything follows it; tools may be called side by side.
            self.finished |= {one for one in self.order if step.startswith("model") or one.startswith("model")}
        self.order.append(step)
        call.number = len(self.order)
        self._kill_at(BEGUN, call)
        return None

    def done(self, call: Call) -> Response | None:
        """Notes an effect, and kills when it is time."""
        if self._step(call) is None:
            return None
        if call.reply is not None and call.reply.status_code == 201 and "idempotent-replay" not in call.reply.headers:
            self.effects[call.key or call.path] += 1
        self._kill_at(DONE, call)
        point = self.point
        if point and point.moment == ANSWERED and call.number == point.number and not self.killed:
            threading.Timer(point.seconds, self._kill, (call,)).start()
        return None

    @property
    def repeated(self) -> list[str]:
        """Steps that were finished and were done again, and those that were done more than twice."""
        return sorted(
            step for step, times in Counter(self.order).items() if times > (1 if step in self.finished else 2)
        )

    def _step(self, call: Call) -> str | None:
        """The name of a step of this run, the same when it is done again; None for any other call."""
        if call.key:
            return f"tool {call.key}"
        sent = call.sent if isinstance(call.sent, dict) else {}
        if sent.get("method") == "tools/call":
            return f"tool {sent.get('params')}"
        messages = [one for one in sent.get("messages") or () if isinstance(one, dict)]
        if not any(self.say in str(one.get("content")) for one in messages if one.get("role") == "user"):
            return None
        return f"model {sum(one.get('role') == 'assistant' for one in messages)}"

    def _kill_at(self, moment: str, call: Call) -> None:
        if self.point == Point(call.number, moment) and not self.killed:
            self._kill(call)

    def _kill(self, call: Call) -> None:
        """As `kill -9` of the process at the other end of the connection."""
        for pid in self.processes:
            if call.port in (ports := ports_of(pid)):
                self._cut = ports  # what it had sent already is none of its successor's calls
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.killed = time.monotonic()
        self.died.set()


def ports_of(pid: int) -> set[int]:
    """The ports of a process's own end of its connections."""
    with suppress(psutil.Error):
        return {one.laddr.port for one in psutil.Process(pid).net_connections("tcp") if one.laddr}
    return set()
