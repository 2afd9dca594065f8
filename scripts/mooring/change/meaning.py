"""What a change can mean, and how much of a plan's risk it is."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """`risk` is 0 (nothing behaves differently) to 10 (something that protects is gone).

    A guard that watches `kind_of` watches this as well.
    """

    risk: int
    sentence: str
    kind_of: str = ""


MEANINGS: dict[str, Meaning] = {
    "agent.added": Meaning(3, "an agent begins to serve"),
    "agent.removed": Meaning(5, "an agent stops serving; its clients get errors"),
    "agent.prompt-swapped": Meaning(4, "an agent is told something else entirely"),
    "agent.tools-added": Meaning(2, "an agent can read more"),
    "agent.write-tool-added": Meaning(6, "an agent can change more", "agent.tools-added"),
    "agent.tools-removed": Meaning(2, "an agent can do less"),
    "agent.tools-reordered": Meaning(1, "the model sees the same tools in another order"),
    "agent.rung-added": Meaning(2, "another model stands in when those above it fail"),
    "agent.rung-removed": Meaning(5, "no model stands in on this rung"),
    "agent.resilience-swapped": Meaning(4, "an agent stays up by another profile"),
    "agent.variables-changed": Meaning(3, "a prompt is filled with another value"),
    "agent.output-changed": Meaning(4, "answers have another shape; clients may break"),
    "budget.raised": Meaning(3, "more calls, tokens, tries or time"),
    "budget.doubled": Meaning(6, "at least twice the calls, tokens, tries or time", "budget.raised"),
    "budget.lowered": Meaning(1, "fewer calls, tokens or less time"),
    "code.added": Meaning(2, "a module of Python tools comes into use"),
    "code.changed": Meaning(4, "Python tools run other code"),
    "code.removed": Meaning(1, "a module of Python tools is no longer in use"),
    "document.changed": Meaning(3, "a difference without a name of its own"),
    "document.metadata": Meaning(0, "nothing behaves differently"),
    "drift.added": Meaning(0, "answers to drift, where every difference was only reported"),
    "drift.changed": Meaning(0, "drift is answered differently, not less"),
    "drift.removed": Meaning(4, "drift is only reported"),
    "drift.weakened": Meaning(5, "what is beside git may stay so, or for longer"),
    "environment.added": Meaning(0, "an environment runs for the first time"),
    "environment.removed": Meaning(10, "an environment is gone"),
    "environment.access-closed": Meaning(5, "calls need a key from now on"),
    "environment.access-opened": Meaning(10, "calls need no key any more"),
    "environment.access-changed": Meaning(4, "somebody may call more or fewer agents"),
    "environment.access-raised": Meaning(4, "somebody may ask more", "environment.access-changed"),
    "environment.access-lowered": Meaning(2, "somebody may ask less"),
    "environment.agents-changed": Meaning(0, "the list of agents; each is a change of its own"),
    "environment.capacity-changed": Meaning(3, "a slot takes on more or fewer requests at once"),
    "environment.clients-changed": Meaning(4, "clients connect differently, or from elsewhere"),
    "environment.database-changed": Meaning(5, "runs under way, approvals and tickets stay behind in the old database"),
    "environment.export-changed": Meaning(0, "which document says where copies go; it is a change of its own"),
    "environment.endpoints-changed": Meaning(6, "calls go to real endpoints instead of simulated ones, or back"),
    "environment.listen-changed": Meaning(4, "clients must call another address"),
    "environment.monitor-changed": Meaning(2, "metrics and the status page are at another address"),
    "environment.mcp-offered": Meaning(3, "agents can be called in one more way"),
    "environment.mcp-withdrawn": Meaning(4, "clients that call agents as MCP tools break"),
    "environment.objectives-changed": Meaning(0, "which document says what is promised; it is a change of its own"),
    "environment.probe-changed": Meaning(3, "a new slot must answer another question"),
    "environment.rollout-changed": Meaning(1, "a release goes out differently, not less carefully"),
    "environment.rollout-weakened": Meaning(5, "a release goes out with less care"),
    "environment.service-changed": Meaning(5, "tools call another service"),
    "environment.tier-changed": Meaning(6, "other rules hold for this environment"),
    "environment.workers-changed": Meaning(3, "a slot is served by more or fewer processes"),
    "export.added": Meaning(1, "copies of the state are made"),
    "export.changed": Meaning(1, "copies are made or kept differently, not worse"),
    "export.moved": Meaning(5, "copies go elsewhere, or others can read them"),
    "export.removed": Meaning(8, "no copies of the state are made any more"),
    "export.weakened": Meaning(6, "copies are kept for less time, made less often, or protected less"),
    "guards.added": Meaning(0, "more limits on plans"),
    "guards.changed": Meaning(1, "limits on plans read differently, none is looser"),
    "guards.removed": Meaning(10, "limits on plans are gone"),
    "guards.weakened": Meaning(8, "a limit on plans is looser"),
    "model.added": Meaning(1, "a model comes into use"),
    "model.endpoint-changed": Meaning(6, "calls go elsewhere or speak another protocol"),
    "model.options-changed": Meaning(2, "the same model answers differently"),
    "model.price-lowered": Meaning(0, "calls cost less"),
    "model.price-raised": Meaning(3, "calls cost more"),
    "model.provider-swapped": Meaning(6, "another vendor answers and sees the data", "model.swapped"),
    "model.removed": Meaning(1, "a model is no longer in use"),
    "model.secret-changed": Meaning(4, "calls are made with another key"),
    "model.swapped": Meaning(4, "another model answers"),
    "model.window-changed": Meaning(2, "more or less text fits into a call"),
    "objectives.added": Meaning(0, "something is promised, and somebody is told when it is not kept"),
    "objectives.changed": Meaning(1, "promises read differently, none is looser"),
    "objectives.removed": Meaning(6, "nothing is promised any more, and nobody is told"),
    "objectives.told-otherwise": Meaning(3, "others are told, or asked, when a promise is not kept"),
    "objectives.weakened": Meaning(5, "less is promised, or fewer people are told when it is not kept"),
    "prompt.added": Meaning(1, "a prompt comes into use"),
    "prompt.changed": Meaning(2, "a line reads differently"),
    "prompt.input-changed": Meaning(2, "an input has another shape"),
    "prompt.layout": Meaning(0, "the same lines, spaced or divided differently"),
    "prompt.line-added": Meaning(1, "a line is new"),
    "prompt.line-moved": Meaning(1, "a line stands elsewhere"),
    "prompt.line-removed": Meaning(2, "a line is gone"),
    "prompt.output-changed": Meaning(3, "answers are asked for in another shape"),
    "prompt.removed": Meaning(1, "a prompt is no longer in use"),
    "prompt.safety-removed": Meaning(8, "a line that forbids or demands something is gone", "prompt.line-removed"),
    "prompt.safety-reworded": Meaning(
        4, "a line that forbids or demands something reads differently", "prompt.changed"
    ),
    "prompt.trust-widened": Meaning(8, "text from outside is no longer marked as such"),
    "prompt.variable-added": Meaning(2, "a prompt takes another input"),
    "prompt.variable-removed": Meaning(3, "a prompt no longer takes an input"),
    "resilience.added": Meaning(1, "a profile comes into use"),
    "resilience.beyond-deadline": Meaning(4, "the tries of one rung no longer fit into the deadline"),
    "resilience.changed": Meaning(1, "staying up works differently, not worse"),
    "resilience.removed": Meaning(1, "a profile is no longer in use"),
    "resilience.weakened": Meaning(4, "requests fail sooner or wait on a failing endpoint longer"),
    "tool.added": Meaning(1, "a tool comes into use"),
    "tool.calls-lowered": Meaning(1, "fewer calls in a run"),
    "tool.calls-raised": Meaning(3, "more calls in a run"),
    "tool.description-changed": Meaning(2, "the model reads something else about when to call it"),
    "tool.endpoint-changed": Meaning(5, "calls go elsewhere"),
    "tool.memory-changed": Meaning(4, "other memories of users, or more of them, or for longer"),
    "tool.gained-approval": Meaning(1, "a person must approve calls"),
    "tool.gained-destructive": Meaning(8, "calls may destroy or overwrite"),
    "tool.gained-open-world": Meaning(4, "calls reach systems beyond the team's own"),
    "tool.gained-write": Meaning(7, "calls may change something"),
    "tool.hint-lowered": Meaning(1, "calls are said to do less than before"),
    "tool.idempotency-changed": Meaning(3, "repeated calls are told apart differently"),
    "tool.idempotency-lost": Meaning(6, "a repeated call may take effect twice"),
    "tool.input-changed": Meaning(2, "the model may send other arguments"),
    "tool.input-narrowed": Meaning(4, "arguments that were accepted are refused", "tool.input-changed"),
    "tool.lost-approval": Meaning(9, "calls no longer wait for a person"),
    "tool.output-changed": Meaning(2, "the model sees other results"),
    "tool.removed": Meaning(1, "a tool is no longer in use"),
    "tool.renamed": Meaning(3, "the model sees another name"),
    "tool.timeout-changed": Meaning(2, "calls may take longer, or are cut sooner"),
}
"""By code: `<kind>.<what>`. Guards name codes, or a prefix such as `tool.*`."""


def stands_for(meaning: str, code: str) -> bool:
    """Whether `meaning`, a code or a prefix with `*`, stands for `code`, as itself or as what it is a kind of."""
    codes = {code, MEANINGS[code].kind_of}
    return any(name.startswith(meaning[:-1]) for name in codes if name) if meaning.endswith("*") else meaning in codes
