"""Agents: what they are told, what they may do, who answers for them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from mooring.change.kinds import rung
from mooring.change.rules import Sides, budget, moved
from mooring.change.walk import Note, Rules, same
from mooring.change.wording import show
from mooring.spec import Tool


def rules(sides: Sides) -> Rules:
    return {
        "limits.maxModelCalls": budget("model calls per run"),
        "limits.maxToolCalls": budget("tool calls per run"),
        **{f"models.{name}": partial(rung.changed, sides, name) for name in ("L0", "L1", "L2")},
        "output": moved("agent.output-changed", "output"),
        "prompt": moved("agent.prompt-swapped", "prompt"),
        "resilience": moved("agent.resilience-swapped", "resilience profile"),
        "tools": partial(_tools, sides),
        "variables": variables,
    }


def _tools(sides: Sides, before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(set(before) - set(after)):
        yield Note("agent.tools-removed", f"can no longer call tool {show(name)}", values=(name, None))
    for name in sorted(set(after) - set(before)):
        tool = sides.desired.tools.get(name)
        reads = tool is not None and tool.annotations.read_only_hint
        code = "agent.tools-added" if reads else "agent.write-tool-added"
        yield Note(code, f"can now call tool {show(name)} ({_nature(tool)})", values=(None, name))
    if sorted(before) == sorted(after):
        yield Note("agent.tools-reordered", "sees its tools in another order")


def _nature(tool: Tool | None) -> str:
    if tool is None:
        return "unknown"
    hints = tool.annotations
    words = ["reads" if hints.read_only_hint else "writes"]
    words += ["may destroy"] * hints.destructive_hint + ["waits for human approval"] * (tool.approval == "human")
    return ", ".join(words)


def variables(before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if (name in before) != (name in after) or not same(old, new):
            yield Note("agent.variables-changed", f"variable {show(name)} {show(old)} → {show(new)}", name, (old, new))
