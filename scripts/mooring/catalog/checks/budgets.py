"""Time: whether a deadline leaves room for what is promised within it."""

from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.deployed import deployed
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.spec import Agent, Resilience, Tool


def _profiled(catalog: Catalog) -> Iterator[tuple[Catalog, Entry, Agent, Resilience]]:
    for view, entry, agent in deployed(catalog):
        profile = view.get(Resilience, agent.resilience)
        if profile is not None:
            yield view, entry, agent, profile


def rungs(catalog: Catalog) -> Remarks:
    for _, entry, agent, profile in _profiled(catalog):
        rungs = [rung for rung, _ in agent.models.names()]
        once = sum(profile.ladder.rungs.of(rung).timeout_seconds for rung in rungs)
        if once > profile.deadline_seconds:
            message = (
                f"one try of each of {len(rungs)} rungs takes up to {once:g} s,"
                f" but the deadline of {agent.resilience!r} is {profile.deadline_seconds:g} s"
            )
            yield Remark(entry, "resilience", message)


def retries(catalog: Catalog) -> Remarks:
    for name, view in _views(catalog):
        profile = view.get(Resilience, name)
        if profile is not None and profile.rung_seconds("L0") > profile.deadline_seconds:
            message = (
                f"{profile.tries('L0')} tries of one rung take up to {profile.rung_seconds('L0'):g} s,"
                f" more than the deadline of {profile.deadline_seconds:g} s: no other rung would get its turn"
            )
            yield Remark(view.of(Resilience)[name], "retry.tries", message)


def waits(catalog: Catalog) -> Remarks:
    for name, view in _views(catalog):
        profile = view.get(Resilience, name)
        if profile is not None and profile.retry.base_seconds > profile.retry.cap_seconds:
            first, cap = profile.retry.base_seconds, profile.retry.cap_seconds
            message = f"the first wait of {first:g} s is above the cap of {cap:g} s"
            yield Remark(view.of(Resilience)[name], "retry.baseSeconds", message)


def apology(catalog: Catalog) -> Remarks:
    for name, view in _views(catalog):
        profile = view.get(Resilience, name)
        if profile is not None and not profile.ladder.apology.get("en", "").strip():
            yield Remark(
                view.of(Resilience)[name], "ladder.apology", "the apology has no `en`, which is the last resort"
            )


def _views(catalog: Catalog) -> Iterator[tuple[str, Catalog]]:
    """Every profile as written, and as each environment with overrides sees it."""
    yield from ((name, catalog) for name in catalog.of(Resilience))
    for view in {id(view): view for view, _, _ in deployed(catalog) if view is not catalog}.values():
        yield from ((name, view) for name in view.of(Resilience))


def tool_timeout(catalog: Catalog) -> Remarks:
    for view, entry, agent, profile in _profiled(catalog):
        for index, name in enumerate(agent.tools):
            tool = view.get(Tool, name)
            if tool is not None and tool.timeout_seconds >= profile.deadline_seconds:
                message = (
                    f"{name!r} may take {tool.timeout_seconds:g} s, the whole deadline of {agent.resilience!r}"
                    f" ({profile.deadline_seconds:g} s)"
                )
                yield Remark(entry, f"tools.{index}", message)
