"""Models: pinned, reachable safely, and really different where that is the point."""

import re
from collections.abc import Iterator

from mooring.catalog.addresses import own_machine, split
from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.deployed import deployed, environments, models_of
from mooring.spec import Environment, Model

_DATED = re.compile(r"20\d{2}-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])(?!\d)|-(\d{4})(?!\d)|@sha256:[0-9a-f]{64}$")
_TAGGED = re.compile(r"[^:]+:(?!latest$)[A-Za-z0-9][\w.-]*$")


def pinned(model: Model) -> bool:
    """Whether `id` is one snapshot for ever: by date or digest, or by a tag on one's own machines."""
    if re.search(r"\blatest\b", model.id):
        return False
    if model.weights is not None and not model.weights.startswith("/"):
        return True  # of a locked package
    return bool(_DATED.search(model.id) or (own_machine(model.base_url) and _TAGGED.match(model.id)))


def floating(catalog: Catalog) -> Remarks:
    for environment, models in _used(catalog):
        if environment.tier == "production":
            for entry, model in models:
                if not pinned(model):
                    message = f"id {model.id!r} floats, and {environment.name!r} is production; name a dated snapshot"
                    yield Remark(entry, "id", message)


def secret_ref(catalog: Catalog) -> Remarks:
    for environment, models in _used(catalog):
        for entry, model in models:
            asked = not environment.simulates(model.provider)
            if asked and model.secret_ref is None and not own_machine(model.base_url):
                message = f"{environment.name!r} calls the real endpoint, but there is no secretRef for its key"
                yield Remark(entry, "secretRef", message)


def _used(catalog: Catalog) -> Iterator[tuple[Environment, list[tuple[Entry, Model]]]]:
    """The models each environment's agents may call, its overrides applied."""
    for environment, view, agents in environments(catalog):
        found = ((view.entry("Model", model.name), model) for model in models_of(view, agents))
        yield environment, [(entry, model) for entry, model in found if entry]


def base_url(catalog: Catalog) -> Remarks:
    for name, model in catalog.all(Model).items():
        url, entry = split(model.base_url), catalog.of(Model)[name]
        if url is None:
            yield Remark(entry, "baseUrl", "is no URL: a host is missing or broken")
        elif url.scheme == "http" and not own_machine(model.base_url):
            yield Remark(entry, "baseUrl", "the key and every prompt would go over plain http")
        elif url.query or url.fragment:
            yield Remark(entry, "baseUrl", "a base URL ends with its path")


def weights(catalog: Catalog) -> Remarks:
    for name, model in catalog.all(Model).items():
        if model.weights is None:
            continue
        entry, url = catalog.of(Model)[name], split(model.base_url)
        if url is None or (url.scheme, url.hostname, url.path) != ("http", "127.0.0.1", "/v1") or url.port is None:
            yield Remark(entry, "baseUrl", "weights are served at http://127.0.0.1:PORT/v1")
        if model.api_type != "openai-chat":
            yield Remark(entry, "apiType", "what serves weights speaks openai-chat")
        if model.secret_ref is not None:
            yield Remark(entry, "secretRef", "what serves weights asks for no key")


def same_provider(catalog: Catalog) -> Remarks:
    for view, entry, agent in deployed(catalog):
        names = dict(agent.models.names())
        primary, alternate = view.get(Model, names["L0"]), view.get(Model, names.get("L1", ""))
        if primary and alternate and primary.provider == alternate.provider:
            message = f"L0 and L1 are both by {primary.provider!r}: one outage takes both"
            yield Remark(entry, "models.L1", message)


def repeated(catalog: Catalog) -> Remarks:
    for _, entry, agent in deployed(catalog):
        rungs: dict[str, str] = {}
        for rung, name in agent.models.names():
            if name in rungs:
                yield Remark(entry, f"models.{rung}", f"{rung} is the same model as {rungs[name]}")
            rungs.setdefault(name, rung)
