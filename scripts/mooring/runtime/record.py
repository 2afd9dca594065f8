"""What one run may use and what it did: the deadline budget, and the record of rungs, tokens and tool calls."""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any


class Budget:
    """One deadline shared by the tries, rungs and tools of a run; on the event loop's clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds left, 0 when it is spent."""
        return max(0.0, self._end - asyncio.get_running_loop().time())


@dataclass
class ToolCall:
    """One call of a tool: by the name the model sees, how it ended, and how long it took."""

    name: str
    outcome: str
    seconds: float


@dataclass
class Usage:
    """What the models were sent and sent back, and what it cost in US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def add(self, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Counts one model call."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost_usd += cost_usd


@dataclass
class Record:
    """What one run did. `rung` is the lowest rung of the ladder that answered any of its model calls, "" before.

    `withheld` are tools that it may ask for and that are not called, because it is a rehearsal.
    """

    run: str
    agent: str
    budget: Budget
    languages: tuple[str, ...] = ()
    withheld: frozenset[str] = frozenset()
    rung: str = ""
    usage: Usage = field(default_factory=Usage)
    tool_calls: list[ToolCall] = field(default_factory=list)
    retries: int = 0

    def reached(self, rung: str) -> None:
        """Notes that `rung` (L0 to L4) answered."""
        self.rung = max(self.rung, rung)

    def called(self, tool: str) -> int:
        """How often a tool was called so far."""
        return sum(call.name == tool for call in self.tool_calls)

    def restore(self, data: Mapping[str, Any]) -> None:
        """Takes up what `data()` said, when a run goes on that waited."""
        self.rung = data["rung"] or ""
        self.usage = Usage(**data["usage"], cost_usd=data["cost_usd"])
        self.tool_calls = [ToolCall(**call) for call in data["tool_calls"]]
        self.retries = data["retries"]

    def data(self) -> dict[str, Any]:
        """JSON-able: everything but the budget."""
        return {
            "rung": self.rung or None,
            "usage": {"input_tokens": self.usage.input_tokens, "output_tokens": self.usage.output_tokens},
            "cost_usd": round(self.usage.cost_usd, 9),
            "tool_calls": [asdict(call) for call in self.tool_calls],
            "retries": self.retries,
        }


CURRENT: ContextVar[Record] = ContextVar("mooring_run")
"""The record of the run in whose context the code runs; set once when a run starts or goes on."""
