"""What a service document may say: frozen models, no I/O. `evals/simulator/README.md` explains the language.

Every text in `answer`, `record`, `fields` and `terms` is a Jinja2 expression; `message` is a template.
"""

import re
from typing import Annotated, Any, Literal

from jsonschema import Draft202012Validator, SchemaError
from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from mooring.simulator.rules import Expression, Template, Variable
from mooring.simulator.template import is_expression
from mooring.spec.document import Part


def _is_schema(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"no JSON Schema: {error.message}") from None
    return schema


def _is_shape(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        is_expression(value)
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _is_shape(part)
    return value


Schema = Annotated[dict[str, Any], AfterValidator(_is_schema)]
Shape = Annotated[JsonValue, AfterValidator(_is_shape)]
"""JSON whose texts are expressions."""
Path = Annotated[str, StringConstraints(pattern=r"^(/([\w-]+|\{[a-zA-Z]\w*\}))+$")]


class Table(Part):
    """Records of one sort. `records` are there from the start; `key` names the field that no two records share."""

    key: str | None = None
    records: tuple[dict[str, JsonValue], ...] = ()

    @model_validator(mode="after")
    def _keys_differ(self) -> "Table":
        keys = [record.get(self.key) for record in self.records] if self.key else []
        if twice := {str(key) for key in keys if keys.count(key) > 1}:
            raise ValueError(f"records share the key {', '.join(sorted(twice))}")
        return self


class View(Part):
    """How a value is told: `view('order', value)` gives the `fields`, in which the value goes by the name `of`.

    A view `with` further variables gets them by name: `view('point', value, metric=metric)`.
    """

    of: Variable
    given: tuple[Variable, ...] = Field(default=(), alias="with")
    terms: dict[Variable, Expression] = Field(default_factory=dict)
    fields: dict[str, Shape] = Field(min_length=1)


class Refusal(Part):
    """An error answer, given when `when` holds."""

    when: Expression
    status: int = Field(ge=400, le=599)
    code: str = Field(pattern=r"^[a-z0-9-]+$")
    message: Template


class Insertion(Part):
    """A record that is added; an expression of `answer` finds its number, counted from 1, as `number`."""

    into: str
    record: dict[str, Shape]


class Operation(Part):
    """What a call does: `terms` are worked out in order, then refusals, then the insertion, then the answer."""

    input: Schema = Field(
        default_factory=lambda: {"type": "object", "additionalProperties": False},
        description="JSON Schema of the query, the body or the arguments, whose properties become variables.",
    )
    terms: dict[Variable, Expression] = Field(default_factory=dict)
    refuse: tuple[Refusal, ...] = ()
    insert: Insertion | None = None
    answer: Shape


class Route(Operation):
    """An operation over HTTP. One that inserts answers 201, and once only for one `Idempotency-Key`."""

    method: Literal["GET", "POST"] = "GET"
    path: Path

    @model_validator(mode="after")
    def _reads_with_get(self) -> "Route":
        if self.insert and self.method == "GET":
            raise ValueError("a GET cannot insert")
        return self

    @property
    def places(self) -> list[str]:
        """Names of the variables in the path."""
        return re.findall(r"\{(\w+)\}", self.path)


class McpTool(Operation):
    """An operation as a tool of an MCP server."""

    name: str = Field(min_length=1)
    description: str = Field(min_length=1)


class Service(Part):
    """One file: a service that is either HTTP `routes` or an MCP server with `tools`."""

    description: str = Field(min_length=1)
    tables: dict[str, Table] = Field(default_factory=dict)
    views: dict[str, View] = Field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    tools: tuple[McpTool, ...] = ()

    @model_validator(mode="after")
    def _one_interface(self) -> "Service":
        if bool(self.routes) == bool(self.tools):
            raise ValueError("a service has either `routes` or `tools`")
        return self
