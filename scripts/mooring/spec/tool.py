"""Tools: what an agent may do, in the shape of the Model Context Protocol."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, JsonSchema, Part


class Annotations(Part):
    """MCP's four hints, all explicit: what a call may do to the world.

    Source: the Model Context Protocol specification, "Tools", ToolAnnotations.
    """

    read_only_hint: bool = Field(description="The tool changes nothing.")
    destructive_hint: bool = Field(description="The tool may destroy or overwrite.")
    idempotent_hint: bool = Field(description="Calling twice with the same arguments is the same as once.")
    open_world_hint: bool = Field(description="The tool reaches systems beyond the team's own.")


class HttpBind(Part):
    """A tool answered by an HTTP service of the environment.

    Arguments fill the `{name}` places of `path`; the rest become the query (GET, DELETE) or the JSON body.
    """

    type: Literal["http"]
    service: str = Field(description="A name under `services` of the environment, which says where it is.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, StringConstraints(pattern=r"^/")]


class Tool(Document):
    """A tool. A call that exceeds `timeout_seconds` is stopped and its error is handed to the agent."""

    kind: Literal["Tool"]
    export_name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$")] | None = Field(
        default=None, description="The name the model sees; by default the last part of `name`, with underscores."
    )
    input_schema: JsonSchema
    output_schema: JsonSchema
    annotations: Annotations
    bind: HttpBind
    timeout_seconds: float = Field(default=15, ge=1, le=30)
    approval: Literal["none", "human"] = Field(
        default="none", description="`human`: the call waits until a person approves."
    )
    max_calls_per_run: int = Field(default=10, ge=1, le=100)
    idempotency_key: str | None = Field(
        default=None,
        description="Template over the arguments, such as `refund-{orderId}`; required where idempotentHint is false.",
    )

    @property
    def exported(self) -> str:
        """The name the model sees."""
        return self.export_name or self.name.rsplit("/", 1)[-1].replace("-", "_")
