"""Tools: honest hints, keys that hold, places that can be filled."""

import re
from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.jsonschemas import properties, required
from mooring.catalog.nearest import suggestion
from mooring.spec import Tool

_PLACE = re.compile(r"\{([^{}]*)\}")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]|\{[^{}/]*\})+)+/?|/")


def _tools(catalog: Catalog) -> Iterator[tuple[Entry, Tool]]:
    for name, tool in catalog.all(Tool).items():
        yield catalog.of(Tool)[name], tool


def hints_contradict(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        hints = tool.annotations
        if hints.read_only_hint and hints.destructive_hint:
            yield Remark(entry, "annotations.destructiveHint", "the tool is said to change nothing and to destroy")
        if hints.read_only_hint and not hints.idempotent_hint:
            message = "the tool changes nothing, so calling it twice is the same as once"
            yield Remark(entry, "annotations.idempotentHint", message)


def method(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        read_only, verb = tool.annotations.read_only_hint, tool.bind.method
        if read_only and verb in ("PUT", "PATCH", "DELETE"):
            yield Remark(entry, "bind.method", f"a read-only tool is bound to {verb}")
        if not read_only and verb == "GET":
            yield Remark(entry, "bind.method", "a tool that changes something is bound to GET, which anyone may repeat")


def idempotency(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        if not tool.annotations.idempotent_hint and tool.idempotency_key is None:
            message = "calling it twice is not the same as once, and there is no idempotencyKey: a retry may act twice"
            yield Remark(entry, "annotations.idempotentHint", message)


def idempotency_places(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        key = tool.idempotency_key
        if key is not None and not _PLACE.findall(key):
            yield Remark(entry, "idempotencyKey", "the key has no {argument}, so every call would be the same call")
        if key is not None:
            yield from _places(entry, tool, "idempotencyKey", key)


def path_places(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        yield from _places(entry, tool, "bind.path", tool.bind.path)


def _places(entry: Entry, tool: Tool, path: str, template: str) -> Remarks:
    """Every `{name}` is an argument that is always there."""
    arguments = properties(tool.input_schema)
    if re.search(r"[{}]", _PLACE.sub("", template)):
        yield Remark(entry, path, "a brace is not closed or not opened")
    for name in _PLACE.findall(template):
        if name not in arguments:
            yield Remark(entry, path, f"{{{name}}} is not in inputSchema{suggestion(name, arguments)}")
        elif name not in required(tool.input_schema):
            yield Remark(entry, path, f"{{{name}}} is not required by inputSchema, so it may be missing")


def bind_path(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        parts = tool.bind.path.split("/")
        if not _PATH.fullmatch(tool.bind.path) or ".." in parts or "." in parts:
            message = "is no plain path: segments of letters, digits, `._~-` and {arguments}, without a query"
            yield Remark(entry, "bind.path", message)


def approval(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        if tool.annotations.destructive_hint and tool.approval == "none":
            yield Remark(entry, "approval", "a destructive tool would act without a person's approval")
