"""Memory: tools that take and return what it takes and returns, spaces that are written, and users told apart."""

from collections.abc import Iterator
from typing import Any

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.schemas import sound
from mooring.catalog.deployed import deployed, environments
from mooring.catalog.jsonschemas import properties, required
from mooring.catalog.nearest import suggestion
from mooring.spec import Environment, EvalSuite, Tool
from mooring.spec.tool import RecallBind, RememberBind

Bound = RememberBind | RecallBind

_ARGUMENT: dict[type[Bound], str] = {RememberBind: "text", RecallBind: "query"}
_RESULT: dict[type[Bound], Any] = {
    RememberBind: {"remembered": True},
    RecallBind: {"memories": [{"text": "Likes tea.", "written": "2026-01-31"}]},
}


def _bound(catalog: Catalog) -> Iterator[tuple[Entry, Tool, Bound]]:
    for name, tool in catalog.all(Tool).items():
        if tool.memory:
            yield catalog.of(Tool)[name], tool, tool.memory


def arguments(catalog: Catalog) -> Remarks:
    for entry, tool, bind in _bound(catalog):
        wanted, known = _ARGUMENT[type(bind)], properties(tool.input_schema)
        for name in known:
            if name != wanted:
                yield Remark(entry, f"inputSchema.properties.{name}", f"{bind.type} takes no {name!r}, only {wanted!r}")
        of = known.get(wanted)
        if not isinstance(of, dict) or of.get("type") != "string" or required(tool.input_schema) != [wanted]:
            yield Remark(entry, "inputSchema", f"{bind.type} takes a text `{wanted}`, and always")


def results(catalog: Catalog) -> Remarks:
    for entry, tool, bind in _bound(catalog):
        if not sound(catalog, entry):
            continue
        from jsonschema import Draft202012Validator

        result = _RESULT[type(bind)]
        if error := next(Draft202012Validator(tool.output_schema).iter_errors(result), None):
            yield Remark(entry, "outputSchema", f"{bind.type} returns {result}, which does not fit: {error.message}")


def hints(catalog: Catalog) -> Remarks:
    for entry, tool, bind in _bound(catalog):
        told, reads = tool.annotations, isinstance(bind, RecallBind)
        for name, is_so, fact in (
            ("readOnlyHint", told.read_only_hint, reads),
            ("destructiveHint", told.destructive_hint, False),
            ("idempotentHint", told.idempotent_hint, True),
            ("openWorldHint", told.open_world_hint, False),
        ):
            if is_so != fact:
                yield Remark(entry, f"annotations.{name}", f"of a tool that is bound to {bind.type} it is {fact}")


def space(catalog: Catalog) -> Remarks:
    if any(kind == Tool.__name__ for kind, _ in catalog.broken):
        return
    written = {bind.space for _, _, bind in _bound(catalog) if isinstance(bind, RememberBind)}
    for entry, _, bind in _bound(catalog):
        if bind.space not in written:
            message = f"no tool remembers anything in the space {bind.space!r}{suggestion(bind.space, written)}"
            yield Remark(entry, "bind.space", message)


def access(catalog: Catalog) -> Remarks:
    for environment, view, agents in environments(catalog):
        if environment.access is None and environment.tier != "development":
            entry = catalog.of(Environment)[environment.name]
            for _, agent in agents:
                bound = (name for name in agent.tools if (tool := view.get(Tool, name)) and tool.memory)
                if name := next(bound, None):
                    message = f"{agent.name} has the memory {name!r}, and whoever calls can say to be any user"
                    yield Remark(entry, "agents", message)


def given(catalog: Catalog) -> Remarks:
    if catalog.broken:
        return
    recalling = {
        agent.name
        for view, _, agent in deployed(catalog)
        for name in agent.tools
        if (tool := view.get(Tool, name)) and isinstance(tool.bind, RecallBind)
    }
    for name, suite in catalog.all(EvalSuite).items():
        for index, case in enumerate(suite.tests):
            if case.memories and suite.agent not in recalling:
                message = f"agent {suite.agent} has no tool that recalls them"
                yield Remark(catalog.of(EvalSuite)[name], f"tests.{index}.memories", message)
