"""Environments: complete, apart from each other, and probed before traffic."""

from mooring.catalog.addresses import split
from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.deployed import environments, models_of
from mooring.catalog.nearest import suggestion
from mooring.catalog.overrides import apply
from mooring.catalog.patterns import pattern_problem
from mooring.network import is_loopback
from mooring.spec import Environment, Model, Tool

_ANYWHERE = "127.0.0.1:0"
_EVERYWHERE = frozenset({"0.0.0.0", "[::]", "::"})  # noqa: S104 - compared with, never bound


def service_undeclared(catalog: Catalog) -> Remarks:
    for environment, view, agents in environments(catalog):
        entry = catalog.of(Environment)[environment.name]
        for name in sorted({name for _, agent in agents for name in agent.tools}):
            tool = view.get(Tool, name)
            service = tool.service if tool is not None else None
            if service is not None and service not in environment.services:
                near = suggestion(service, environment.services)
                yield Remark(entry, "services", f"tool {name!r} calls the service {service!r}{near}")


def service_unused(catalog: Catalog) -> Remarks:
    if catalog.broken:
        return
    for environment, view, agents in environments(catalog):
        tools = (view.get(Tool, name) for _, agent in agents for name in agent.tools)
        called = {tool.service for tool in tools if tool is not None}
        for service in environment.services:
            if service not in called:
                entry = catalog.of(Environment)[environment.name]
                yield Remark(entry, f"services.{service}", f"no tool of its agents calls the service {service!r}")


def service_url(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        for service, place in environment.services.items():
            url = split(place)
            if place != "simulated" and (url is None or url.query or url.fragment):
                message = f"service {service!r} is neither `simulated` nor a base URL without a query"
                yield Remark(catalog.of(Environment)[name], f"services.{service}", message)


def probe_agent(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        for index, probe in enumerate(environment.rollout.probes):
            if probe.agent not in environment.agents:
                near = suggestion(probe.agent, environment.agents)
                message = f"the probe asks {probe.agent!r}, which is no agent of this environment{near}"
                yield Remark(catalog.of(Environment)[name], f"rollout.probes.{index}.agent", message)


def probe_missing(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        probed = {probe.agent for probe in environment.rollout.probes}
        for index, agent in enumerate(environment.agents):
            if agent not in probed:
                message = f"no probe asks {agent!r} before traffic reaches it"
                yield Remark(catalog.of(Environment)[name], f"agents.{index}", message)


def probe_pattern(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        for index, probe in enumerate(environment.rollout.probes):
            if problem := pattern_problem(probe.expect):
                path = f"rollout.probes.{index}.expect"
                yield Remark(catalog.of(Environment)[name], path, f"the expected answer {problem}")


def endpoint_missing(catalog: Catalog) -> Remarks:
    """A provider that agents use and a mapping does not name; nobody chose who answers for it."""
    for environment, view, agents in environments(catalog):
        if isinstance(environment.endpoints, str):
            continue
        for provider in sorted({model.provider for model in models_of(view, agents)} - set(environment.endpoints)):
            message = f"its agents use models of {provider!r}, and nothing says whether they are simulated or real"
            yield Remark(catalog.of(Environment)[environment.name], "endpoints", message)


def endpoint_unknown(catalog: Catalog) -> Remarks:
    if any(kind == Model.__name__ for kind, _ in catalog.broken):
        return
    for environment, view, _ in environments(catalog):
        known = sorted({model.provider for model in view.all(Model).values()})
        for provider in () if isinstance(environment.endpoints, str) else environment.endpoints:
            if provider not in known:
                near = suggestion(provider, known)
                message = f"no model is by {provider!r}{near}"
                yield Remark(catalog.of(Environment)[environment.name], f"endpoints.{provider}", message)


def evidence_class(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        classes = environment.rollout.evidence.classes or ()
        if environment.tier == "production" and environment.calls_providers and "simulated" in classes:
            path = f"rollout.evidence.classes.{classes.index('simulated')}"
            message = "what a simulator answers says little about the real models that production calls"
            yield Remark(catalog.of(Environment)[name], path, message)


def override_path(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        changed = dict(catalog.entries)
        for index, override in enumerate(environment.overrides):
            entry = changed.get((override.kind, override.name))
            if entry is None:
                continue
            for path, problem in apply(override, entry.document)[1]:
                message = f"{override.kind} {override.name!r}: {problem}"
                yield Remark(catalog.of(Environment)[name], f"overrides.{index}.set.{path}", message)


def listen_address(catalog: Catalog) -> Remarks:
    taken: dict[int, list[tuple[str, str]]] = {}
    for name, environment in catalog.all(Environment).items():
        entry = catalog.of(Environment)[name]
        for key, address in environment.target.sockets.items():
            path = f"target.{key}"
            host, _, number = (address or _ANYWHERE).rpartition(":")
            host, port = "127.0.0.1" if host == "localhost" else host, int(number)
            if port > 65535:
                yield Remark(entry, path, f"there is no port {port}")
            for other, theirs in taken.get(port, []) if port else []:
                if host == theirs or _EVERYWHERE & {host, theirs}:
                    whose = "its own agents are served" if other == name else f"environment {other!r} listens"
                    yield Remark(entry, path, f"{whose} there already")
            taken.setdefault(port, []).append((name, host))


def monitor_address(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        monitor = environment.target.sockets.get("monitor")
        if monitor is not None and not is_loopback(monitor.rpartition(":")[0]):
            message = f"{monitor} can be reached from other machines, and the monitor asks nobody for a key"
            yield Remark(catalog.of(Environment)[name], "target.monitor", message)


def serving_limits(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        requests, connections = environment.serving.max_in_flight, environment.serving.max_connections
        if requests >= connections:
            message = (
                f"{requests} requests at once leave no connection of {connections} over which one more could be refused"
            )
            yield Remark(catalog.of(Environment)[name], "serving", message)
