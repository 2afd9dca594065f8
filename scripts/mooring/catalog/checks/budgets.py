"""Time: whether a deadline leaves room for what is promised within it, and who may try again."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.profiles import profiles
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.code import reached
from mooring.catalog.deployed import deployed, environments
from mooring.catalog.retry_budget import SUMMARY, Budget, budget
from mooring.spec import Environment, Resilience, Tool
from mooring.spec.resilience import CONNECT_SECONDS
from mooring.spec.tool import PythonBind

RETRIERS = frozenset({"backoff", "retry", "retrying", "stamina", "tenacity", "urllib3.util.retry"})
"""Libraries that try again."""


def _budgets(catalog: Catalog) -> Iterator[tuple[Catalog, Entry, Budget]]:
    """Every agent's budget with the entry of its profile, which is where it is put right."""
    for view, _, agent in deployed(catalog):
        known, entry = budget(view, agent), view.entry("Resilience", agent.resilience)
        if known is not None and entry is not None:
            yield view, entry, known


def ladder(catalog: Catalog) -> Remarks:
    for _, entry, known in _budgets(catalog):
        if known.ladder > known.deadline:
            message = (
                f"one model call of {known.agent!r} may take {known.ladder:.4g} s and {known.calls} calls"
                f" ({', '.join(map(str, known.rungs))}), more than the deadline of {known.deadline:g} s"
            )
            yield Remark(entry, "deadlineSeconds", message)


def objective(catalog: Catalog) -> Remarks:
    for _, entry, known in _budgets(catalog):
        if known.objective is not None and known.ladder > known.objective:
            message = (
                f"one model call of {known.agent!r} may take {known.ladder:.4g} s at worst"
                f" ({', '.join(map(str, known.rungs))}), more than the objective of {known.objective:g} s"
            )
            yield Remark(entry, "objectives.p99Seconds", message)


def limits(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        for rung in ("L0", "L1", "L2"):
            policy = profile.ladder.rungs.of(rung)
            given = {"connectSeconds": policy.connect_seconds, "firstByteSeconds": policy.first_byte_seconds}
            for key, seconds in given.items():
                if seconds is not None and seconds != CONNECT_SECONDS and seconds > policy.timeout_seconds:
                    message = f"a try of {rung} is stopped after {policy.timeout_seconds:g} s, before the {seconds:g} s"
                    yield Remark(entry, f"ladder.rungs.{rung}.{key}", message)
    for _, entry, known in _budgets(catalog):
        first, *others = [rung for rung in known.rungs if rung.call != SUMMARY]
        if known.hedge is not None and others and known.hedge >= first.seconds:
            message = f"{first.call} of {known.agent!r} has given up after {first.seconds:.4g} s, before it is hedged"
            yield Remark(entry, "ladder.hedge.afterSeconds", message)


def stacked(catalog: Catalog) -> Remarks:
    for _, entry, known in _budgets(catalog):
        if known.ladder <= known.deadline < known.stacked:
            message = (
                f"the tries of a tool of {known.agent!r} ({known.slowest}) stacked on those of the model that reads its"
                f" result ({known.ladder:.4g} s) may take {known.stacked:.4g} s,"
                f" more than the deadline of {known.deadline:g} s"
            )
            yield Remark(entry, "deadlineSeconds", message)


def owner(catalog: Catalog) -> Remarks:
    for name, tool in catalog.all(Tool).items():
        bind = tool.bind
        if not isinstance(bind, PythonBind):
            continue
        for module in sorted(reached(catalog.code, bind.module)):
            for library in sorted(RETRIERS & set(catalog.code[module].imports())):
                message = f"{catalog.code[module].file} imports {library!r}: its tries would multiply those of the tool"
                yield Remark(catalog.of(Tool)[name], "bind.callable", message)


def waits(catalog: Catalog) -> Remarks:
    for entry, profile in profiles(catalog):
        first, cap, deadline = profile.retry.base_seconds, profile.retry.cap_seconds, profile.deadline_seconds
        if first > cap:
            yield Remark(entry, "retry.baseSeconds", f"the first wait of {first:g} s is above the cap of {cap:g} s")
        if cap >= deadline:
            message = f"a wait of {cap:g} s, the cap, would be the whole deadline of {deadline:g} s"
            yield Remark(entry, "retry.capSeconds", message)


def slow_calls(catalog: Catalog) -> Remarks:
    for view, entry, known in _budgets(catalog):
        profile = view.get(Resilience, known.profile)
        if profile is None:
            continue
        limits = {
            "breaker": (profile.breaker, known.rungs, "try of a model"),
            "tools.breaker": (profile.tools.breaker, known.tools, "call of a tool"),
        }
        for path, (breaker, costs, what) in limits.items():
            longest = max((cost.timeout for cost in costs), default=0)
            if costs and breaker.slow_call_seconds >= longest:
                message = (
                    f"no {what} of {known.agent!r} is slow after {breaker.slow_call_seconds:g} s:"
                    f" all have been stopped after {longest:g} s"
                )
                yield Remark(entry, f"{path}.slowCallSeconds", message)


def drain(catalog: Catalog) -> Remarks:
    for environment, view, agents in environments(catalog):
        found = ((agent.name, view.get(Resilience, agent.resilience)) for _, agent in agents)
        deadlines = [(profile.deadline_seconds, name) for name, profile in found if profile]
        seconds, cap = max(deadlines, default=(0.0, "")), environment.rollout.drain_seconds
        if seconds[0] > cap:
            message = (
                f"a slot that ends waits {cap:g} s for its requests,"
                f" and those of {seconds[1]!r} may take {seconds[0]:g} s: they would be lost"
            )
            yield Remark(catalog.of(Environment)[environment.name], "rollout.drainSeconds", message)
