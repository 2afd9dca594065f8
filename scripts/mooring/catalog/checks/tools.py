"""Tools: honest hints, keys that hold, places that can be filled."""

import ast
import re
from collections.abc import Iterator

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.jsonschemas import properties, required
from mooring.catalog.nearest import suggestion
from mooring.spec import Tool
from mooring.spec.tool import HttpBind, PythonBind

SHORTEST = 10
"""Seconds, the least that a call of a tool is given; the most is in the model."""

KEY = "idempotency_key"
"""A parameter of a Python tool that is given the call's key."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]|\{[^{}/]*\})+)+/?|/")


def _tools(catalog: Catalog) -> Iterator[tuple[Entry, Tool]]:
    for name, tool in catalog.all(Tool).items():
        yield catalog.of(Tool)[name], tool


def _bound(catalog: Catalog) -> Iterator[tuple[Entry, Tool, HttpBind]]:
    for entry, tool in _tools(catalog):
        if isinstance(tool.bind, HttpBind):
            yield entry, tool, tool.bind


def hints_contradict(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        hints = tool.annotations
        if hints.read_only_hint and hints.destructive_hint:
            yield Remark(entry, "annotations.destructiveHint", "the tool is said to change nothing and to destroy")
        if hints.read_only_hint and not hints.idempotent_hint:
            message = "the tool changes nothing, so calling it twice is the same as once"
            yield Remark(entry, "annotations.idempotentHint", message)


def method(catalog: Catalog) -> Remarks:
    for entry, tool, bind in _bound(catalog):
        read_only, verb = tool.annotations.read_only_hint, bind.method
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
    for entry, tool, bind in _bound(catalog):
        yield from _places(entry, tool, "bind.path", bind.path)


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
    for entry, _, bind in _bound(catalog):
        parts = bind.path.split("/")
        if not _PATH.fullmatch(bind.path) or ".." in parts or "." in parts:
            message = "is no plain path: segments of letters, digits, `._~-` and {arguments}, without a query"
            yield Remark(entry, "bind.path", message)


def approval(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        if tool.annotations.destructive_hint and tool.approval == "none":
            yield Remark(entry, "approval", "a destructive tool would act without a person's approval")


def timeout_range(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        if tool.timeout_seconds < SHORTEST:
            message = (
                f"a call is stopped after {tool.timeout_seconds:g} s; the limit is between {SHORTEST} and 30 s,"
                " so that a slow answer is not taken for a dead tool"
            )
            yield Remark(entry, "timeoutSeconds", message)


def python_callable(catalog: Catalog) -> Remarks:
    for entry, tool in _tools(catalog):
        bind = tool.bind
        if not isinstance(bind, PythonBind):
            continue
        module = catalog.code.get(bind.module)
        if module is None:
            near = suggestion(bind.module, catalog.code)
            yield Remark(entry, "bind.callable", f"there is no module {bind.module!r} below scripts/{near}")
        elif (function := module.function(bind.function)) is None:
            yield Remark(entry, "bind.callable", f"{module.file} has no function {bind.function!r} at its top level")
        else:
            yield from _signature(entry, tool, function)


def _signature(entry: Entry, tool: Tool, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Remarks:
    """Every argument has a parameter, and every parameter without a default an argument that is always there."""
    given = function.args
    if given.posonlyargs:
        yield Remark(entry, "bind.callable", f"{function.name} takes positional arguments; tools get keywords")
    named = [argument.arg for argument in (*given.args, *given.kwonlyargs)]
    optional = [argument.arg for argument in given.args[len(given.args) - len(given.defaults) :]]
    pairs = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    optional += [argument.arg for argument, default in pairs if default is not None]
    arguments = properties(tool.input_schema)
    for name in sorted(arguments.keys() - set(named)):
        if given.kwarg is None:
            yield Remark(entry, "bind.callable", f"{function.name} takes no {name!r}, which inputSchema has")
    for name in sorted(set(named) - set(optional) - {KEY} - set(required(tool.input_schema))):
        yield Remark(entry, "bind.callable", f"{function.name} needs {name!r}, which inputSchema does not require")
