"""What one run may use and what it did: the deadline budget, and the record of rungs, tokens and tool calls."""

import asyncio
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mooring.runtime.core.turn import Turn


class Budget:
    """One deadline shared by the tries, rungs and tools of a run; on the event loop's clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds left, 0 when it is spent."""
        return max(0.0, self._end - asyncio.get_running_loop().time())


UNDER_WAY = "under-way"
"""The outcome of a tool's call before it has one: it is being made, or waits for approval."""


@dataclass
class ToolCall:
    """One call of a tool: by the name the model sees, how it ended, and how long it took.

    `id` is the model's name for the call, `key` what keeps its effect from being done twice. `replayed` says that
    the call was made before the run was interrupted and not again.
    """

    name: str
    outcome: str
    seconds: float
    id: str = ""
    key: str = ""
    replayed: bool = False


MOST_TRIES = 64
"""Tries of models that a record keeps; of what came after them, how many there were."""

ANSWERED = "answered"
"""The outcome of a try that brought an answer; any other says why it did not."""


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
    """What one run did. `rung` is the lowest rung of the ladder that answered any of its model calls, "" before,
    and `simulated` says that the simulator answered any of them.

    `tenant` is whose run it is, `user` the one of the tenant's users that it is for, "" where nobody said, `key`
    names the key that it was asked with, and `release` is the digest of the one whose agent answers.
    `languages` are the client's language ranges, the preferred first; `question_language` is what the question is in,
    "" where that cannot be told, None until it is asked. `context_ratio` is the most that a model's window would have
    been filled by the whole conversation, over 1 when it was trimmed. `turn` is what is being answered, `question`
    the user's message, which never leaves the process in a log; `question_key` is what its last good answer is known
    by, "" when it has none.
    `tries` are calls of models by rung, in the order in which they ended: `rung`, `model`, `outcome` and `seconds`.
    `rescued` counts streams that another rung took over, `written` says which rung wrote how many characters of a
    streamed answer, in order.
    `hedges` rungs that were asked beside a slow one, `cached` says the age of a saved answer in seconds.
    `on_apology` keeps the question and returns its ticket. `on_spend` is told the tokens and USD of each model call.
    `resumed` is how often another process went on with it. `last_step` is the agent's step in which it was told to call
    no more tools. `exhausted` says that the run reached its limit of calls, which it would only reach again.
    `withheld` are tools that it may ask for and that are not called, because it is a rehearsal. `rehearsed` are the
    memories of a rehearsal, which has no others, None where it is none. `probe` says that nobody waits for the answer
    but whoever watches the agent: what is promised to users is not measured by it. `on_tool` is told when
    a call of a tool begins, with its arguments, and how it ended. `decided` are the verdicts on calls that waited for a
    person: `by`, `approved` and `at` in Unix time. `remembered` says that its turn is one of the
    conversation's.
    """

    run: str
    agent: str
    budget: Budget
    languages: tuple[str, ...] = ()
    tenant: str = ""
    key: str = ""
    user: str = ""
    release: str = ""
    withheld: frozenset[str] = frozenset()
    rehearsed: list[str] | None = None
    probe: bool = False
    rung: str = ""
    simulated: bool = False
    usage: Usage = field(default_factory=Usage)
    tool_calls: list[ToolCall] = field(default_factory=list)
    retries: int = 0
    tries: list[dict[str, Any]] = field(default_factory=list)
    more_tries: int = 0
    context_ratio: float = 0.0
    conversation: str | None = None
    turn: "Turn | None" = None
    question: str = ""
    question_language: str | None = None
    question_key: str = ""
    rescued: int = 0
    hedges: int = 0
    written: list[dict[str, Any]] = field(default_factory=list)
    cached: dict[str, int] | None = None
    ticket: str | None = None
    on_apology: Callable[[], str] | None = None
    on_spend: Callable[[int, float], None] | None = None
    on_tool: Callable[[dict[str, Any]], None] | None = None
    resumed: int = 0
    remembered: bool = False
    decided: list[dict[str, Any]] = field(default_factory=list)
    last_step: int | None = None
    exhausted: bool = False

    def reached(self, rung: str, simulated: bool = False) -> None:
        """Notes that `rung` (L0 to L4) answered, and whether that was the simulator."""
        self.rung = max(self.rung, rung)
        self.simulated |= simulated

    def tried(self, rung: str, model: str, outcome: str, seconds: float) -> None:
        """Notes how a try of a model ended."""
        if len(self.tries) < MOST_TRIES:
            self.tries.append({"rung": rung, "model": model, "outcome": outcome, "seconds": round(seconds, 4)})
        else:
            self.more_tries += 1

    def spent(self, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Counts one model call, for the run and for its tenant."""
        self.usage.add(input_tokens, output_tokens, cost_usd)
        if self.on_spend is not None:
            self.on_spend(input_tokens + output_tokens, cost_usd)

    def wrote(self, rung: str, characters: int) -> None:
        """Notes that `rung` wrote the next characters of a streamed answer."""
        if self.written and self.written[-1]["rung"] == rung:
            self.written[-1]["characters"] += characters
        else:
            self.written.append({"rung": rung, "characters": characters})

    def call(self, call_id: str, name: str) -> ToolCall:
        """The call of a tool that is under way by this id, or a new one; an id that was used before is a new call."""
        for call in self.tool_calls:
            if (call.id, call.name, call.outcome) == (call_id, name, UNDER_WAY):
                return call
        self.tool_calls.append(ToolCall(name, UNDER_WAY, 0.0, call_id))
        return self.tool_calls[-1]

    def begin(self, call: ToolCall, arguments: Mapping[str, Any]) -> None:
        """Tells whoever wants to know that a call begins."""
        if self.on_tool:
            self.on_tool({"id": call.id, "name": call.name, "status": "started", "arguments": dict(arguments)})

    def end(self, call: ToolCall, outcome: str, seconds: float) -> None:
        """Notes how a call ended, and tells whoever wants to know."""
        call.outcome, call.seconds = outcome, round(seconds, 6)
        if self.on_tool:
            ended = {"status": "ended", "outcome": call.outcome, "seconds": call.seconds}
            self.on_tool({"id": call.id, "name": call.name, **ended})

    def restore(self, data: Mapping[str, Any]) -> None:
        """Restores what `data()` said, when a run continues."""
        self.rung = data["rung"] or ""
        self.simulated = data.get("simulated", False)
        self.usage = Usage(**data["usage"], cost_usd=data["cost_usd"])
        self.tool_calls = [ToolCall(**call) for call in data["tool_calls"]]
        self.retries = data["retries"]
        self.tries, self.more_tries = list(data.get("tries", ())), data.get("more_tries", 0)
        self.context_ratio = data.get("context_ratio", 0.0)
        self.conversation = data.get("conversation")
        self.tenant, self.key, self.user = data.get("tenant", ""), data.get("key", ""), data.get("user", "")
        self.languages = tuple(data.get("languages", self.languages))
        self.rescued = data.get("rescued", 0)
        self.written = data.get("written", [])
        self.hedges = data.get("hedges", 0)
        self.cached = data.get("cached")
        self.ticket = data.get("ticket")
        self.remembered = data.get("remembered", False)
        self.decided = list(data.get("decided", ()))

    def data(self) -> dict[str, Any]:
        """JSON-able: everything but the budget."""
        return {
            "rung": self.rung or None,
            "simulated": self.simulated,
            "usage": {"input_tokens": self.usage.input_tokens, "output_tokens": self.usage.output_tokens},
            "cost_usd": round(self.usage.cost_usd, 9),
            "tool_calls": [asdict(call) for call in self.tool_calls],
            "retries": self.retries,
            "tries": list(self.tries),
            "more_tries": self.more_tries,
            "context_ratio": self.context_ratio,
            "conversation": self.conversation,
            "languages": [*self.languages, *filter(None, [self.question_language])],
            "tenant": self.tenant,
            "key": self.key,
            "user": self.user,
            "rescued": self.rescued,
            "written": self.written,
            "hedges": self.hedges,
            "cached": self.cached,
            "ticket": self.ticket,
            "resumed": self.resumed,
            "remembered": self.remembered,
            **({"decided": list(self.decided)} if self.decided else {}),
        }


CURRENT: ContextVar[Record] = ContextVar("mooring_run")
"""The record of the run in whose context the code runs; set once when a run starts or goes on."""
