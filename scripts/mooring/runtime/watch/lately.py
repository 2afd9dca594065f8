"""What each agent of a process is doing: its runs in flight, on which rungs it answered lately, its last error."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RUNS, SECONDS = 100, 900.0
"""Lately is among the last so many runs, of the last so many seconds."""


@dataclass
class _Agent:
    in_flight: int = 0
    rungs: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=RUNS))
    error: dict[str, Any] | None = None


class Lately:
    """Of one process, since it started. Probes do not count. `clock` says Unix time."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._agents: dict[str, _Agent] = {}

    def began(self, agent: str) -> None:
        self._agents.setdefault(agent, _Agent()).in_flight += 1

    def ended(self, agent: str, run: str, rung: str, error: str) -> None:
        """`error` is the code of a problem, "" where there was none; `rung` is "" where none answered."""
        now, known = self._clock(), self._agents.setdefault(agent, _Agent())
        known.in_flight = max(0, known.in_flight - 1)
        known.rungs.append((now, rung or "none"))
        if error and error != "cancelled":
            known.error = {"problem": error, "at": round(now, 3), "run": run}

    def data(self, agent: str) -> dict[str, Any]:
        """JSON-able: `in_flight`, `lately` as runs by rung, and `last_error` or None."""
        known, since = self._agents.get(agent, _Agent()), self._clock() - SECONDS
        counts = Counter(rung for at, rung in known.rungs if at >= since)
        return {"in_flight": known.in_flight, "lately": dict(sorted(counts.items())), "last_error": known.error}
