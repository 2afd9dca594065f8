"""The admin door of a slot: its identity, its health, and the switch that makes it live."""

import os
import time
from typing import TYPE_CHECKING, Any

import psutil

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.runtime.process.figures import BEGAN, figures
from mooring.runtime.process.slot import Slot
from mooring.runtime.process.summary import summary
from mooring.runtime.process.unix_http import Handler

if TYPE_CHECKING:
    from mooring.runtime.runtime import Runtime


def routes(slot: Slot) -> dict[str, Handler]:
    """Everything the door of `slot` answers."""
    return {
        "GET /health": lambda _body: _health(slot),
        "POST /count": lambda _body: _count(slot),
        "GET /config": lambda _body: _config(slot),
        "POST /secrets": lambda body: _told(slot, body["environ"]),
        "POST /accept": lambda body: _accept(slot, bool(body["on"]), bool(body.get("armed"))),
        "POST /lost": lambda body: _lost(slot, int(body["count"])),
        "POST /probe": lambda body: _probe(slot, str(body["agent"]), str(body["say"])),
        "POST /cancel": lambda body: _cancel(slot, str(body["run"])),
        "POST /decide": lambda body: _decide(slot, body),
        "GET /samples": lambda _body: _samples(slot),
        "GET /figures": lambda body: figures(slot, bool(body.get("packed"))),
        "GET /checks": lambda _body: _checks(slot),
        "POST /stop": lambda body: _stop(slot, body.get("cap"), body.get("quiet"), body.get("wait", True)),
        "POST /rehearse": lambda body: _rehearse(slot, body),
    }


def _health(slot: Slot) -> dict[str, Any]:
    ready, reasons = slot.ready()
    counts = slot.runtime.accounting.data() if slot.runtime else {}
    return {
        "slot": slot.options.slot,
        "digest": slot.options.digest,
        "pid": os.getpid(),
        "began": BEGAN,
        "ready": ready,
        "reasons": reasons,
        "accepting": slot.accepting,
        "counts": counts,
        "in_flight": counts.get("in_flight", 0),
        "connections": len(slot.serving.connections) if slot.serving else 0,
        "replace": slot.runtime.memory.replace if slot.runtime else False,
        "runtime": summary(slot.runtime) if hasattr(slot.runtime, "health") else None,
        "rss": psutil.Process().memory_info().rss,
    }


def _told(slot: Slot, environ: dict[str, str]) -> dict[str, Any]:
    """Secrets that it did not start with, such as where its state was moved to."""
    os.environ.update(environ)
    if slot.runtime:
        slot.runtime.settings.environ.update(environ)
    return {}


async def _count(slot: Slot) -> dict[str, Any]:
    """Counts what `/health` only repeats, since the supervisor asks for that five times a second."""
    if hasattr(slot.runtime, "health"):
        await slot.runtime.health.count()
    return {}


def _cancel(slot: Slot, run: str) -> dict[str, Any]:
    """Ends a run that is under way in this process. Whoever asks has seen whose it is."""
    return {"cancelled": hasattr(slot.runtime, "runs") and slot.runtime.runs.cancel_here(run)}


async def _decide(slot: Slot, body: dict[str, Any]) -> dict[str, Any]:
    """Approves or denies what a run of a `tenant` waits for, `by` a person; its status, at most `wait` seconds later.

    Whoever asks has seen whose it is, and that the person may. Refused(STALE) when it does not wait any more.
    """
    from mooring.runtime.core.problems import Problem
    from mooring.runtime.door.runs import admit

    runtime, run, tenant = _runtime(slot), str(body["run"]), str(body["tenant"])
    said = (bool(body["approved"]), str(body["message"]), lambda _ended: None, str(body["by"]))
    try:
        admit(runtime)
        await runtime.runs.decide(run, tenant, *said)
        found = await runtime.runs.wait(run, tenant, float(body["wait"]))
    except Problem as problem:
        raise Refused(Reason.STALE, str(problem)) from None
    return {"status": found.status, "rung": found.data.get("rung")}


def _samples(slot: Slot) -> list[dict[str, Any]]:
    """The metrics, for the worker that was asked for those of the slot."""
    from mooring.runtime.watch.reading import families

    return families(_loaded(slot).metrics.registry)


async def _checks(slot: Slot) -> dict[str, Any]:
    """Every check of this worker, for the one that was asked for those of the slot."""
    from mooring.runtime.door.health import data
    from mooring.runtime.watch.health.check import look_at

    return data(await look_at(_loaded(slot).health.own), time.monotonic())


def _config(slot: Slot) -> dict[str, Any]:
    """What runs, as it is in memory, and the digest of the code that runs it: for comparing with git."""
    if slot.release is None:
        raise Refused(Reason.NOT_READY, f"{slot.options.slot} is still loading its release")
    content = slot.release.content.model_dump(mode="json")
    return {"digest": slot.release.digest, "program": slot.program, "content": content}


def _accept(slot: Slot, on: bool, armed: bool) -> dict[str, Any]:
    """Makes it live, or not; when `armed`, with the switch that is about to come."""
    ready, reasons = slot.ready()
    if on and not ready:
        raise Refused(Reason.NOT_READY, f"{slot.options.slot} is not ready: {'; '.join(reasons)}")
    if slot.serving:
        slot.serving.acceptor.on(armed) if on else slot.serving.acceptor.off()
    return {"accepting": slot.accepting}


def _lost(slot: Slot, count: int) -> dict[str, Any]:
    """Records the requests that earlier processes of the slot lost, for its metrics."""
    if slot.runtime:
        slot.runtime.accounting.lost = count
    return {}


async def _probe(slot: Slot, agent: str, say: str) -> dict[str, Any]:
    """Asks an agent as a user would, uncounted."""
    return {"answer": await _runtime(slot).answer(agent, say)}


async def _rehearse(slot: Slot, body: dict[str, Any]) -> dict[str, Any]:
    """Asks an agent as an evaluation does, uncounted: `message` after `history`, a list of [role, text]."""
    from mooring.runtime.core.turn import Turn
    from mooring.runtime.rehearsal import rehearse
    from mooring.spec.suite import ModelAnswer

    history = tuple((role, text) for role, text in body["history"])
    turn = Turn(str(body["message"]), history, dict(body["variables"]))
    said = ModelAnswer.model_validate(body["answer"]) if body.get("answer") else None
    return await rehearse(_runtime(slot), str(body["agent"]), turn, str(body["run"]), said, body.get("memories", ()))


def _runtime(slot: Slot) -> "Runtime":
    ready, reasons = slot.ready()
    if not ready:
        raise Refused(Reason.NOT_READY, f"{slot.options.slot} is not ready: {'; '.join(reasons)}")
    return _loaded(slot)


def _loaded(slot: Slot) -> "Runtime":
    """Ready or not."""
    if slot.runtime is None:
        raise Refused(Reason.NOT_READY, f"{slot.options.slot} is not ready: starting")
    runtime: Runtime = slot.runtime
    return runtime


async def _stop(slot: Slot, cap: float | None, quiet: float | None, wait: bool) -> dict[str, Any]:
    """Answers when the slot has drained, with its last counts; at once without `wait`."""
    slot.stop(cap, quiet)
    if wait:
        await slot.drained.wait()
    return {"counts": slot.runtime.accounting.data() if slot.runtime else {}}
