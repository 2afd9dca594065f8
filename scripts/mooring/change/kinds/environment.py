"""Environments: where a release runs and how carefully it goes out."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from mooring.change.kinds.access import access
from mooring.change.rules import Sides, moved, number, turned
from mooring.change.walk import Note, Rule, Rules, same
from mooring.change.wording import quote, show
from mooring.spec import Environment
from mooring.spec.endpoints import by_provider

WEAKENED, CHANGED = "environment.rollout-weakened", "environment.rollout-changed"
CLUSTER, PODS = "environment.cluster-changed", "environment.pods-changed"
CAPACITY, CLIENTS = "environment.capacity-changed", "environment.clients-changed"


def rules(sides: Sides) -> Rules:
    return {
        "access": access,
        "agents": agents,
        "chat": moved("environment.chat-changed", "chat"),
        "database": database,
        "endpoints": endpoints(sides),
        "export": moved("environment.export-changed", "export"),
        "objectives": moved("environment.objectives-changed", "objectives"),
        "patrol": moved("environment.patrol-changed", "patrol"),
        "rollout.approvals": number(CHANGED, WEAKENED, "approvals of a plan"),
        "rollout.bakeSeconds": number(CHANGED, WEAKENED, "bake", " s"),
        "rollout.deadlineSeconds": number(CHANGED, CHANGED, "deadline of a rollout", " s"),
        "rollout.drainSeconds": number(CHANGED, WEAKENED, "drain", " s"),
        "rollout.evidence": evidence(sides),
        "rollout.freezes": freezes,
        "rollout.maxErrorRate": number(WEAKENED, CHANGED, "errors tolerated while baking"),
        "rollout.probes": probes,
        "rollout.proofs": proofs,
        "rollout.signatures": signatures,
        "rollout.warm.replicas": warm_replicas,
        "rollout.warm.hours": number(CHANGED, WEAKENED, "the previous release stays warm", " h"),
        "services": services,
        "serving.maxConnections": number(CAPACITY, CAPACITY, "open connections of a slot"),
        "serving.maxInFlight": number(CAPACITY, CAPACITY, "requests at once of a slot"),
        "serving.origins": moved(CLIENTS, "web pages that may call"),
        "serving.tls": moved(CLIENTS, "TLS"),
        "serving.workers": workers,
        "serving.trustedProxies": moved(CLIENTS, "trusted proxies"),
        "serving.mcp": turned(
            ("environment.mcp-offered", "offers its agents as MCP tools, at /mcp"),
            ("environment.mcp-withdrawn", "no longer offers its agents as MCP tools"),
        ),
        "target": moved_target,
        "target.adminSourceRanges": admin_source_ranges,
        "target.apply": moved(CLUSTER, "changes of the cluster are applied"),
        "target.autoscaling": autoscaling,
        "target.context": moved(CLUSTER, "context of the kubeconfig"),
        "target.image": image,
        "target.port": moved("environment.listen-changed", "port of the Service"),
        "target.pullSecret": moved(CLUSTER, "Secret to pull the image with"),
        "target.replicas": number(PODS, PODS, "pods of the live slot"),
        "target.resources.cpu": moved(PODS, "cores kept for a pod"),
        "target.resources.memory": moved(PODS, "memory of a pod"),
        "target.secret": moved("environment.moved", "Secret that pods read"),
        "target.url": moved("environment.listen-changed", "address"),
        "target.listen": moved("environment.listen-changed", "address"),
        "target.chat": moved("environment.chat-moved", "address for chat platforms"),
        "target.monitor": moved("environment.monitor-changed", "monitor"),
        "tier": moved("environment.tier-changed", "tier"),
    }


def endpoints(sides: Sides) -> Rule:
    """By provider where either side says it so: `anthropic: simulated → real`."""
    code = "environment.endpoints-changed"

    def rule(before: Any, after: Any) -> Iterator[Note]:
        if isinstance(before, str) and isinstance(after, str):
            yield from moved(code, "endpoints")(before, after)
            return
        models = (*sides.live.models.values(), *sides.desired.models.values())
        providers = {model.provider for model in models}
        providers.update(*(side for side in (before, after) if isinstance(side, dict)))
        old, new = (by_provider(side, providers) for side in (before, after))
        if old == new:
            yield Note("document.metadata", "endpoints are written differently, and each provider is as before")
        for name in old:
            if old[name] != new[name]:
                yield Note(code, f"{show(name)}: {old[name]} → {new[name]}", name, (old[name], new[name]))

    return rule


def agents(before: Any, after: Any) -> Iterator[Note]:
    code = "environment.agents-changed"
    for name in sorted(set(before) ^ set(after)):
        yield Note(code, f"{'serves' if name in after else 'no longer serves'} agent {show(name)}")
    if set(before) == set(after):
        yield Note(code, "lists its agents differently")


def moved_target(before: Any, after: Any) -> Iterator[Note]:
    """Another kind of target, cluster or namespace; what else differs is for the rules below."""
    if _place(before) != _place(after):
        text = f"moves from {_place(before)} to {_place(after)}"
        if before["type"] != after["type"] and after.get("adminSourceRanges", ...) is None:
            text += f", where the admin port of pods is open to {_sources(None)}"
        yield Note("environment.moved", text, values=(before, after))


def _place(target: Any) -> str:
    if target["type"] == "local":
        return "one machine"
    return f"namespace {show(target['namespace'])} of cluster {show(target['cluster'][:8])}"


def admin_source_ranges(before: Any, after: Any) -> Iterator[Note]:
    """More addresses are less care. A range that lies within an old one is none more."""
    widened = after is None or (before is not None and not all(_within(one, before) for one in after))
    text = f"admin port of pods open to {_sources(before)} → {_sources(after)}"
    yield Note("environment.admin-widened" if widened else "environment.admin-narrowed", text, values=(before, after))


def _within(source: str, known: list[str]) -> bool:
    if source in known or "/" not in source:
        return source in known
    mine = ip_network(source)
    others = [ip_network(one) for one in known if "/" in one]
    return any(mine.version == one.version and one.supernet_of(mine) for one in others)  # type: ignore[arg-type]


def _sources(ranges: list[str] | None) -> str:
    return "every address, guarded by its token alone" if ranges is None else show(", ".join(ranges))


def image(before: Any, after: Any) -> Iterator[Note]:
    old, new = (value.partition("@") for value in (before, after))
    if old[0] == new[0]:
        text = f"pods run another image: {show(old[0])} {show(old[2][7:19])} → {show(new[2][7:19])}"
    else:
        text = f"pods run another image: {show(before)} → {show(after)}"
    yield Note("environment.image-changed", text)


def autoscaling(before: Any, after: Any) -> Iterator[Note]:
    old, new = (f"up to {value['most']} pods" if value else "none" for value in (before, after))
    if old == new:
        old, new = (f"at {value['cpu']:.0%} of its cores" for value in (before, after))
    if old == new:
        old, new = (f"at {value['inFlight']} requests at once" for value in (before, after))
    yield Note(PODS, f"autoscaling: {old} → {new}", values=(before, after))


def warm_replicas(before: Any, after: Any) -> Iterator[Note]:
    """Fewer pods of a standby are less care: going back has to wait for the others."""
    weaker = after is not None and (before is None or after < before)
    old, new = (value or "as many as serve" for value in (before, after))
    text = f"pods of the previous release that stay warm: {old} → {new}"
    if weaker:
        text += "; going back waits until the others have started"
    yield Note(WEAKENED if weaker else CHANGED, text)


def workers(before: Any, after: Any) -> Iterator[Note]:
    old, new = (value or "as the tier says" for value in (before, after))
    yield Note("environment.workers-changed", f"workers of a slot: {old} → {new}")


def database(before: Any, after: Any) -> Iterator[Note]:
    old, new = (value["secretRef"] if value else "a file beside the slots" for value in (before, after))
    yield Note("environment.database-changed", f"database {old} → {new}")


def services(before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Note(
                "environment.service-changed", f"service {show(name)} {show(old)} → {show(new)}", name, (old, new)
            )


def probes(before: Any, after: Any) -> Iterator[Note]:
    if len(after) < len(before):
        yield Note(WEAKENED, f"probes of a new slot {len(before)} → {len(after)}")
    fresh = [probe for probe in after if not any(same(probe, old) for old in before)]
    for probe in fresh:
        asked = f"{quote(probe['say'])} of {show(probe['agent'])}"
        text = f"a new slot is asked {asked}, expecting {quote(probe['expect'])}"
        yield Note("environment.probe-changed", text, values=(None, probe))
    if not fresh and len(after) >= len(before):
        yield Note(CHANGED, "probes listed differently")


def freezes(before: Any, after: Any) -> Iterator[Note]:
    for freeze in (old for old in before if not any(same(old, new) for new in after)):
        yield Note(WEAKENED, f"freeze {_freeze(freeze)} is lifted", values=(freeze, None))
    for freeze in (new for new in after if not any(same(new, old) for old in before)):
        yield Note(CHANGED, f"freeze {_freeze(freeze)} is declared", values=(None, freeze))


def proofs(before: Any, after: Any) -> Iterator[Note]:
    for name in sorted(before.keys() | after.keys()):
        old, new = (side[name]["days"] if name in side else None for side in (before, after))
        if new is None:
            yield Note(WEAKENED, f"goes out without a live drill {show(name)}", f"{name}", (old, new))
        elif old is None:
            yield Note(CHANGED, f"needs a live drill {show(name)} of the last {new:g} days", f"{name}", (old, new))
        elif old != new:
            code = WEAKENED if new > old else CHANGED
            yield Note(code, f"a live drill {show(name)} may be {old:g} → {new:g} days old", f"{name}", (old, new))


def signatures(before: Any, after: Any) -> Iterator[Note]:
    """Somebody who may sign beside others is less care; that anybody must sign is more."""
    if not after:
        yield Note(WEAKENED, "goes out without a signature", values=(before, after))
        return
    if not before:
        yield Note(CHANGED, f"needs a signature of {' or '.join(show(one['name']) for one in after)}")
        return
    old, new = ({one["key"]: one for one in side} for side in (before, after))
    for key in (key for key in new if key not in old):
        yield Note(WEAKENED, f"{show(new[key]['name'])} may sign releases too", values=(None, new[key]))
    for key in (key for key in old if key not in new):
        yield Note(CHANGED, f"{show(old[key]['name'])} no longer signs releases", values=(old[key], None))
    for key in (key for key in new if key in old and not same(old[key], new[key])):
        yield _time(old[key], new[key])


def _time(old: dict[str, Any], new: dict[str, Any]) -> Note:
    def times(one: dict[str, Any]) -> tuple[str, str]:
        return str(one["validAfter"] or ""), str(one["validBefore"] or "9")

    (start, end), (starts, ends) = times(old), times(new)
    if starts < start or ends > end:
        return Note(WEAKENED, f"the key of {show(new['name'])} is valid for longer", values=(old, new))
    return Note(
        CHANGED, f"the key of {show(new['name'])} is valid for less time, or named differently", values=(old, new)
    )


def _freeze(freeze: dict[str, Any]) -> str:
    return f"{quote(freeze['reason'])} ({show(freeze['start'])} to {show(freeze['end'])})"


def evidence(sides: Sides) -> Rule:
    """What counts is what is accepted and required in the end, with the defaults of the tier."""

    def rule(before: Any, after: Any) -> Iterator[Note]:
        old, new = Environment.model_validate(sides.before), Environment.model_validate(sides.after)
        weakened = False
        if wider := [one for one in new.accepted_evidence if one not in old.accepted_evidence]:
            weakened = True
            yield Note(WEAKENED, f"goes out on {' or '.join(wider)} evidence too")
        if old.needs_evidence and not new.needs_evidence:
            weakened = True
            yield Note(WEAKENED, "goes out without evidence of an evaluation")
        if not weakened:
            needs = f"{' or '.join(new.accepted_evidence)} evidence" if new.needs_evidence else "no evidence"
            yield Note(CHANGED, f"needs {needs} to go out")

    return rule
