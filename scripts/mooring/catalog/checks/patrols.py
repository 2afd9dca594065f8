"""Patrols: checks that can be told apart, can turn red, and look at something that is there."""

from collections.abc import Callable, Iterator
from functools import partial

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks, repeated
from mooring.catalog.deployed import environments
from mooring.catalog.nearest import suggestion
from mooring.spec import Agent, Environment, EvalSuite, Patrol, Resilience, Tool
from mooring.spec.patrol import CanaryLook, Check, Http, LlmEcho, McpList, RedisPing, TimedLook
from mooring.spec.tool import McpBind


def _checks(catalog: Catalog) -> Iterator[tuple[Entry, str, Check]]:
    """(entry of the document, dotted path, check)"""
    for name, patrol in catalog.all(Patrol).items():
        for index, check in enumerate(patrol.checks):
            yield catalog.of(Patrol)[name], f"checks.{index}", check


def twice(catalog: Catalog) -> Remarks:
    for name, patrol in catalog.all(Patrol).items():
        for index, again in repeated(check.name for check in patrol.checks):
            message = f"there is a check {again!r} already; nobody could tell them apart"
            yield Remark(catalog.of(Patrol)[name], f"checks.{index}.name", message)


def limits(catalog: Catalog) -> Remarks:
    for entry, path, check in _checks(catalog):
        found = check.limits
        if found is None:
            continue
        sign = 1 if found.rising else -1
        if sign * found.ok > sign * found.alarm:
            message = f"{check.name!r} is good up to {found.ok:g} {found.unit}, and an alarm from {found.alarm:g} on"
            yield Remark(entry, path, message)
        elif isinstance(check, TimedLook) and check.alarm_above_seconds > check.timeout_seconds:
            message = (
                f"{check.name!r} is stopped after {check.timeout_seconds:g} s, before its alarm at {found.alarm:g} s"
            )
            yield Remark(entry, path, message)


def address(catalog: Catalog) -> Remarks:
    for entry, path, check in _checks(catalog):
        if isinstance(check, RedisPing) and (check.url is None) == (check.secret_ref is None):
            yield Remark(entry, path, f"{check.name!r} needs either `url` or `secretRef`")
        if isinstance(check, Http) and check.url is not None and (check.service is not None or check.path != "/"):
            yield Remark(entry, path, f"{check.name!r} has `url`, which is the whole address")


def environment(catalog: Catalog) -> Remarks:
    known = catalog.all(Environment)
    for entry, path, check in _checks(catalog):
        for index, name in enumerate(check.environments):
            if name not in known and ("Environment", name) not in catalog.broken:
                message = f"there is no environment {name!r}{suggestion(name, known)}"
                yield Remark(entry, f"{path}.environments.{index}", message)
    for name, environment in known.items():
        patrol = catalog.get(Patrol, environment.patrol) if environment.patrol else None
        if patrol is not None and not patrol.of(name):
            message = f"no check of {patrol.name!r} is made of {name!r}"
            yield Remark(catalog.of(Environment)[name], "patrol", message)


def target(catalog: Catalog) -> Remarks:
    if catalog.broken:
        return
    for environment, view, agents in environments(catalog):
        patrol = catalog.get(Patrol, environment.patrol) if environment.patrol else None
        if patrol is None:
            continue
        for index, check in enumerate(patrol.checks):
            if not check.environments or environment.name in check.environments:
                remark = partial(Remark, catalog.of(Patrol)[patrol.name])
                yield from _missing(check, f"checks.{index}", environment, view, [agent for _, agent in agents], remark)


def _missing(
    check: Check,
    path: str,
    environment: Environment,
    view: Catalog,
    agents: list[Agent],
    remark: Callable[[str, str], Remark],
) -> Remarks:
    """Remarks on what a check looks at and an environment does not have."""
    where = f"in environment {environment.name!r}"
    if isinstance(check, LlmEcho):
        known = _models(view, agents)
        for index, name in enumerate(check.models):
            if name not in known:
                message = f"no agent {where} uses a model {name!r}{suggestion(name, known)}"
                yield remark(f"{path}.models.{index}", message)
    if isinstance(check, Http) and check.service is not None and check.service not in environment.services:
        near = suggestion(check.service, environment.services)
        yield remark(f"{path}.service", f"there is no service {check.service!r} {where}{near}")
    if isinstance(check, CanaryLook):
        yield from (remark(place, message) for place, message in _unaskable(check, path, environment, view))
    if isinstance(check, McpList):
        servers = _servers(view, agents)
        for index, name in enumerate(check.servers):
            if name not in servers:
                message = f"no tool {where} is bound to a server {name!r}{suggestion(name, servers)}"
                yield remark(f"{path}.servers.{index}", message)
        if not servers and not check.servers:
            yield remark(path, f"{check.name!r} lists nothing: no tool {where} is bound to an MCP server")


def _unaskable(check: CanaryLook, path: str, environment: Environment, view: Catalog) -> Iterator[tuple[str, str]]:
    """(path, what is wrong with it) of suites that a live slot cannot be asked."""
    known = view.all(EvalSuite)
    ours = {name: suite for name, suite in known.items() if suite.agent in environment.agents}
    for index, name in enumerate(check.suites):
        if name not in ours:
            where = f"no suite {name!r} asks an agent of environment {environment.name!r}"
            yield f"{path}.suites.{index}", f"{where}{suggestion(name, ours)}"
        elif ours[name].judge is not None:
            yield f"{path}.suites.{index}", f"suite {name!r} needs a judge, which a patrol has not"
    if not check.suites and not any(suite.smoke for suite in ours.values()):
        yield path, f"{check.name!r} asks nothing: environment {environment.name!r} has no smoke suite"


def _models(view: Catalog, agents: list[Agent]) -> set[str]:
    profiles = (view.get(Resilience, agent.resilience) for agent in agents)
    summaries = {profile.context.summary_model for profile in profiles if profile and profile.context.summary_model}
    return summaries | {name for agent in agents for _, name in agent.models.names()}


def _servers(view: Catalog, agents: list[Agent]) -> set[str]:
    tools = (view.get(Tool, name) for agent in agents for name in agent.tools)
    return {tool.bind.server for tool in tools if tool is not None and isinstance(tool.bind, McpBind)}
