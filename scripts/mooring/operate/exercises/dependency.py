"""Each dependency of an environment fails in turn: answers go on from the expected rung, and health says what is wrong.

Vendors fail one after the other until none is left; then each service by itself; then nothing answers any more.
"""

import json
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from mooring.errors import Failed
from mooring.operate.exercises.client import Client, Lost
from mooring.operate.exercises.outcome import Check, Exercised, kept
from mooring.operate.exercises.scratch import Scratch
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.spec.environment import Probe

PARTS = ("vendors", "services", "silence")
PREPARED = ("L3", "L4")
ASKED = 2
"""How often each agent is asked while something fails."""

HEALTH_SECONDS = 20.0
"""Within which health must say so: what it saw is kept for 10 s."""


@dataclass
class Answered:
    """What agents answered while something failed, as `agent rung`; the slowest in seconds."""

    rungs: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0


def exercise(scratch: Scratch, parts: Sequence[str] = PARTS) -> Exercised:
    """All of it, or some parts. Raises Failed when the copy has no simulator."""
    figures: dict[str, Any] = {}
    checks = [check for part in parts for check in _PARTS[part](scratch, figures)]
    return Exercised("dependency", tuple(checks), kept(tuple(checks)), figures)


def _vendors(scratch: Scratch, figures: dict[str, Any]) -> Iterator[Check]:
    """Vendors fail one after the other until none is left."""
    content, down = scratch.release.content, list[str]()
    for vendor in vendors(content):
        down.append(vendor)
        _fault(scratch, content, down)
        what = f"vendor {' and '.join(down)} is down"
        yield _suffered(scratch, what, down, _models(content, vendor), figures)
    yield _well_again(scratch, figures)


def _services(scratch: Scratch, figures: dict[str, Any]) -> Iterator[Check]:
    """Services that agents call fail, each by itself."""
    services = {tool.service for tool in scratch.release.content.tools.values() if tool.service}
    for service in sorted(services):
        _faults(scratch, [{"kind": "status", "service": service}])
        yield _suffered(scratch, f"service {service} is down", [], [f"service:{service}"], figures)
    if services:
        yield _well_again(scratch, figures)


def _silence(scratch: Scratch, figures: dict[str, Any]) -> Iterator[Check]:
    """Nothing answers any more."""
    yield _stopped(scratch, figures)


_PARTS = {"vendors": _vendors, "services": _services, "silence": _silence}


def vendors(content: ReleaseContent) -> list[str]:
    """The vendors of the models that answer, those of the first rungs first."""
    used = sorted(pair for agent in content.agents.values() for pair in agent.models.names())
    return list(dict.fromkeys(content.models[name].provider for _, name in used))


def _models(content: ReleaseContent, vendor: str) -> list[str]:
    """The checks of health for the models of a vendor, as far as agents call them."""
    used = {name for agent in content.agents.values() for _, name in agent.models.names()}
    return [f"model:{name}" for name in sorted(used) if content.models[name].provider == vendor]


def expected(content: ReleaseContent, agent: str, down: Sequence[str]) -> tuple[str, ...]:
    """The rungs that may answer while some vendors are down."""
    for rung, name in content.agents[agent].models.names():
        if content.models[name].provider not in down:
            return (rung,)
    return PREPARED


def _suffered(
    scratch: Scratch, what: str, down: Sequence[str], unwell: Iterable[str], figures: dict[str, Any]
) -> Check:
    """Asks every agent meanwhile, and looks at health."""
    scratch.notify(what)
    content = scratch.release.content
    seen = _asked(scratch, content.environment.rollout.probes, down, ASKED)
    began = time.monotonic()
    wanted = set(unwell)
    found = _until(lambda: wanted & _sick(scratch), HEALTH_SECONDS)
    told = f"health says so after {time.monotonic() - began:.1f} s" if found else "health says nothing"
    figures[what] = {"rungs": seen.rungs, "slowest": round(seen.slowest, 2), "health": bool(found)}
    rungs = {agent: " or ".join(expected(content, agent, down)) for agent in content.agents}
    promised = f"answers from {_alike(rungs)}, and health says so"
    said = "; ".join(seen.wrong[:2]) or f"as expected, {seen.slowest:.1f} s at most"
    return Check(what, promised, f"{said}; {told}", not seen.wrong and bool(found))


def _asked(scratch: Scratch, probes: Sequence[Probe], down: Sequence[str], times: int) -> Answered:
    client, seen = Client(scratch.url, 180), Answered()
    for probe in [probe for probe in probes for _ in range(times)]:
        began = time.monotonic()
        try:
            reply = client.ask(probe.agent, probe.say)
        except Lost as lost:
            seen.wrong.append(f"{probe.agent}: {lost}")
            continue
        seen.slowest = max(seen.slowest, time.monotonic() - began)
        seen.rungs.append(f"{probe.agent} {reply.rung}")
        if reply.status != 200 or reply.rung not in expected(scratch.release.content, probe.agent, down):
            seen.wrong.append(f"{probe.agent} answered with {reply.status} from {reply.rung or 'no rung'}")
    return seen


def _alike(rungs: Mapping[str, str]) -> str:
    """`L1`, or `L1 (support), L2 (triage)` where agents differ."""
    if len(set(rungs.values())) == 1:
        return next(iter(rungs.values()))
    return ", ".join(f"{rung} ({agent})" for agent, rung in rungs.items())


def _well_again(scratch: Scratch, figures: dict[str, Any]) -> Check:
    """Ends every fault; breakers let calls through again after a while."""
    _faults(scratch, [])
    profiles = scratch.release.content.resilience.values()
    most = max(profile.breaker.open_seconds for profile in profiles) + 15
    scratch.notify("all is well again")
    began = time.monotonic()
    probes = scratch.release.content.environment.rollout.probes
    well = _until(lambda: not _asked(scratch, probes, [], 1).wrong, most + 10)
    took = time.monotonic() - began
    figures.setdefault("back", []).append(round(took, 2))
    seen = f"after {took:.1f} s" if well else f"not after {took:.0f} s"
    return Check("all is well again", f"L0 answers again within {most:g} s", seen, bool(well) and took <= most)


def _stopped(scratch: Scratch, figures: dict[str, Any]) -> Check:
    """Stops what plays models and services: connections are taken, and nothing is said."""
    scratch.notify("nothing answers any more")
    content = scratch.release.content
    probes = content.environment.rollout.probes
    pid = int(json.loads((scratch.state / "simulator.json").read_text())["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        each = {probe.agent: _asked(scratch, [probe], vendors(content), 1) for probe in probes}
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    promised = {agent: _slowest(content, agent) for agent in each}
    figures["stopped"] = {agent: {"rungs": one.rungs, "slowest": round(one.slowest, 2)} for agent, one in each.items()}
    wrong = [line for one in each.values() for line in one.wrong]
    wrong += [f"{agent} took {one.slowest:.1f} s" for agent, one in each.items() if one.slowest > promised[agent]]
    said = "; ".join(wrong[:2]) or ", ".join(f"{agent} after {one.slowest:.1f} s" for agent, one in each.items())
    within = _alike({agent: f"{seconds:g} s" for agent, seconds in promised.items()})
    return Check("no vendor and no service says anything", f"answers from L3 or L4 within {within}", said, not wrong)


def _slowest(content: ReleaseContent, agent: str) -> float:
    """Seconds that an agent's profile promises, or else its deadline."""
    profile = content.resilience[content.agents[agent].resilience]
    return profile.objectives.p99_seconds or profile.deadline_seconds


def _sick(scratch: Scratch) -> set[str]:
    """The checks of health that failed."""
    with suppress(Lost):
        found = Client(scratch.url, 15).send("GET", "/healthz?verbose").body.get("checks") or []
        return {str(one["name"]) for one in found if not one["ok"]}
    return set()


def _until(holds: Any, seconds: float) -> Any:
    """What a call returns once that is true of it, or at the end of the time."""
    end = time.monotonic() + seconds
    while not (value := holds()) and time.monotonic() < end:
        time.sleep(0.3)
    return value


def _fault(scratch: Scratch, content: ReleaseContent, down: Sequence[str]) -> None:
    """Has every model of some vendors answer 503."""
    ids = [model.id for model in content.models.values() if model.provider in down]
    _faults(scratch, [{"kind": "status", "model": f"^{re.escape(one)}$"} for one in ids])


def _faults(scratch: Scratch, faults: list[dict[str, Any]]) -> None:
    """These faults and no others. Raises Failed(PROCESS)."""
    url = scratch.target.status().simulator
    if url is None:
        raise Failed(Reason.NOT_RUNNING, "the copy has no simulator")
    try:
        reply = Client(url, 10).send("PUT", "/faults", faults)
    except (Lost, HTTPException) as error:
        raise Failed(Reason.PROCESS, f"the simulator does not answer: {error}") from None
    if "error" in reply.body:
        raise Failed(Reason.PROCESS, f"the simulator refuses faults: {reply.body['error']}")
