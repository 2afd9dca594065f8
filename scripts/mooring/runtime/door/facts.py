"""What a client is told of the run that answered it, in headers and where OpenAI's objects have no place for it."""

from typing import Any

from mooring.runtime.memory.run import text_of
from mooring.runtime.memory.store import StoredRun


def headers_of(run: StoredRun, streamed: bool = False) -> dict[str, str]:
    """What is known of a run when its answer begins; a stream may be finished by another rung."""
    data = run.data
    known = {"x-mooring-run": run.id, "x-mooring-first-rung" if streamed else "x-mooring-rung": data["rung"] or ""}
    if data.get("simulated"):
        known["x-mooring-simulated"] = "true"
    if cached := data.get("cached"):
        known["x-mooring-cached-age"] = str(cached["age_seconds"])
    for name in ("ticket", "conversation"):
        if value := data.get(name):
            known[f"x-mooring-{name}"] = value
    return known


def facts(run: StoredRun) -> dict[str, Any]:
    """The run, its rung and cost, and approvals it waits for."""
    data = run.data
    known = {"run": run.id, "status": run.status, "rung": data["rung"] or "", "simulated": data.get("simulated", False)}
    written = data.get("written") or [{"rung": known["rung"], "characters": len(text_of(run))}]
    how = {"rescued": data.get("rescued", 0), "cached": data.get("cached"), "ticket": data.get("ticket")}
    more = {"approvals": data.get("approvals", []), "written": written, "cost_usd": data.get("cost_usd", 0.0)}
    return known | more | how
