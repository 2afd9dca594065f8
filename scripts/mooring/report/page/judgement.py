"""Whether an environment serves, in one word, and why not: the same on the page and in the terminal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mooring.report.receipt import short

SERVING, DEGRADED, DOWN, UNKNOWN = "serving", "degraded", "down", "unknown"

Reason = tuple[str, dict[str, Any]]
"""The name of a text in the words of the page, `why.…`, and its values."""


@dataclass(frozen=True)
class Judgement:
    """`state` is one of the four; `reasons` say what is wrong, the worst first."""

    state: str
    reasons: tuple[Reason, ...] = field(default=())


def judge(data: Mapping[str, Any]) -> Judgement:
    """The state of an environment by the data of its status. What is not known is never taken for healthy."""
    if data.get("running") is None:
        return Judgement(UNKNOWN)
    if not data["running"]:
        return Judgement(DOWN, (("why.not-running", {}),))
    live = data.get("live")
    if not live:
        return Judgement(DOWN, (("why.nothing-live", {}),))
    slot = (data.get("slots") or {}).get(live["slot"])
    if slot is None:
        return Judgement(UNKNOWN)
    if (stopped := _stopped(live["slot"], slot)) is not None:
        return stopped
    found = [*_silent(live["slot"], slot), *_rungs(slot.get("runtime") or {}), *_watched(data), *_behind(data)]
    # A slot that says nothing of itself serves all the same, and nobody knows how well.
    return Judgement(DEGRADED if found else SERVING, tuple(found))


def _stopped(name: str, slot: Mapping[str, Any]) -> Judgement | None:
    workers = slot.get("workers") or ()
    ready = sum(bool(worker["ready"]) for worker in workers)
    if not slot.get("ready") and ready:
        return Judgement(DEGRADED, (("why.workers", {"slot": name, "ready": ready, "count": len(workers)}),))
    if not slot.get("ready"):
        why = "; ".join(slot.get("reasons") or ())
        key = "why.not-ready" if why else "why.not-ready.silent"
        return Judgement(DOWN, ((key, {"slot": name, "why": why}),))
    if not slot.get("accepting"):
        return Judgement(DOWN, (("why.accepting", {"slot": name}),))
    return None


def _silent(name: str, slot: Mapping[str, Any]) -> Iterator[Reason]:
    if not slot.get("runtime"):
        yield "why.silent", {"slot": name}


def _rungs(runtime: Mapping[str, Any]) -> Iterator[Reason]:
    for agent, told in (runtime.get("agents") or {}).items():
        for rung, at in told["rungs"].items():
            if at["breaker"] == "open":
                yield "why.breaker", {"agent": agent, "rung": rung, "model": at["model"]}
    for agent, canary in (runtime.get("canaries") or {}).items():
        if canary["ok"] is False:
            yield "why.canary", {"agent": agent, "detail": canary["detail"]}


def _watched(data: Mapping[str, Any]) -> Iterator[Reason]:
    for check in data.get("patrol") or ():
        if check["state"] == "alarm":
            detail = check.get("detail") or ""
            yield ("why.patrol" if detail else "why.patrol.silent"), {"check": check["check"], "detail": detail}
    for one in data.get("objectives") or ():
        if one["holds"] is False:
            yield "why.objective", {"objective": one["name"], "one": one}


def _behind(data: Mapping[str, Any]) -> Iterator[Reason]:
    if behind := (data.get("ledger") or {}).get("behind"):
        yield "why.behind", {"digest": short(behind["release"])}
