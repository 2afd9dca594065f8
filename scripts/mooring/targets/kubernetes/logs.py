"""What pods write, with the pod's name before each line."""

import queue
import threading
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from mooring.errors import Stopped, UsageError
from mooring.rollout.state import SLOTS
from mooring.targets.kubernetes import kinds, names
from mooring.targets.kubernetes.doors import together

if TYPE_CHECKING:
    from mooring.targets.kubernetes.api import Api

KEEPER = ("keeper", "supervisor", "exporter", "monitor", "chat")
"""What runs in the keeper's pod; on one machine, these are processes with logs of their own."""

LOOK = 2.0
"""Seconds between two looks for pods that are new."""


def pods_of(api: "Api", environment: str, name: str) -> list[str]:
    """The pods of a slot or the keeper. UsageError for an unknown name."""
    if name not in (*SLOTS, *KEEPER):
        raise UsageError(f"no log {name}; there is {', '.join(SLOTS)}, keeper")
    chosen = names.labels(environment, name) if name in SLOTS else names.keeper_labels(environment)
    items = api.list("Pod", chosen)
    started = [one for one in items if (one.get("status") or {}).get("phase") not in (None, "Pending")]
    return [one["metadata"]["name"] for one in sorted(started, key=lambda one: one["metadata"]["creationTimestamp"])]


def last(api: "Api", environment: str, name: str, lines: int) -> list[str]:
    """The last lines of all pods of a slot, pod by pod, the newest pod last; at most so many."""
    pods = pods_of(api, environment, name)
    said = together([partial(_last, api, pod, lines) for pod in pods])
    return [line for each in said for line in each][-lines:]


def _last(api: "Api", pod: str, lines: int) -> list[str]:
    try:
        answer = api.send("GET", kinds.path(api.namespace, "Pod", pod, "log"), params={"tailLines": str(lines)})
    except Stopped as stopped:  # it went, or its container has not started
        return [f"{pod}: ({stopped})"]
    return [f"{pod}: {line}" for line in answer.text.splitlines()] if answer is not None else []


def follow(api: "Api", environment: str, name: str, lines: int) -> Iterator[str]:
    """The last lines of all pods of a slot, and then each that is added, also by pods that are new; has no end."""
    pods_of(api, environment, name)
    return _follow(api, environment, name, lines)


def _follow(api: "Api", environment: str, name: str, lines: int) -> Iterator[str]:
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    known: set[str] = set()
    while True:
        for pod in pods_of(api, environment, name):
            if pod not in known:
                known.add(pod)
                threading.Thread(target=_tail, args=(api, pod, lines, said), daemon=True).start()
        try:
            yield said.get(timeout=LOOK)
            while not said.empty():
                yield said.get()
        except queue.Empty:
            continue


def _tail(api: "Api", pod: str, lines: int, said: "queue.SimpleQueue[str]") -> None:
    try:
        asked = {"follow": "true", "tailLines": str(lines)}
        with api.stream(kinds.path(api.namespace, "Pod", pod, "log"), asked) as answer:
            for line in answer.iter_lines():
                said.put(f"{pod}: {line}\n")
    except Stopped as stopped:
        said.put(f"{pod}: ({stopped})\n")
