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


class PythonBind(Part):
    """A tool answered by a function of the team, in a process of its own that is killed at the timeout.

    Arguments are its keyword arguments, and it returns a JSON value. A release carries the source of the module and
    of the modules under `tools` that it imports, so it is the release's code that runs. The process gets no secrets.
    """

    type: Literal["python"]
    callable: Annotated[str, StringConstraints(pattern=r"^tools(\.[a-z][a-z0-9_]*)+:[a-z][a-z0-9_]*$")] = Field(
        description="`tools.<module>:<function>`: a function of scripts/tools/<module>.py."
    )

    @property
    def module(self) -> str:
        """The module's dotted name."""
        return self.callable.partition(":")[0]

    @property
    def function(self) -> str:
        """The function's name within the module."""
        return self.callable.partition(":")[2]


class McpBind(Part):
    """A tool of a server that speaks the Model Context Protocol over streamable HTTP.

    A server started by command (stdio) is a process without limits that would live and die with a slot: put it
    behind an address instead, so that an environment can say where it is.
    """

    type: Literal["mcp"]
    server: str = Field(description="A name under `services` of the environment: the URL of the server's endpoint.")
    tool: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_./-]{1,128}$")] = Field(
        description="The tool's name at the server."
    )


class MemoryBind(Part):
    """A tool answered by the long-term memory that the environment keeps of one user of one tenant.

    Nobody else's is written or found. A request says who the user is; without one nothing is remembered.
    """

    space: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(
        description="What is remembered in a space is recalled in that one alone; agents that name it share it."
    )


class RememberBind(MemoryBind):
    """Keeps the argument `text`. Keeping the same text again is keeping it once, from now on."""

    type: Literal["remember"]
    max_bytes: int = Field(default=2000, ge=1, le=8192, description="Of one memory; a longer one is refused.")
    max_memories: int = Field(default=500, ge=1, le=10_000, description="Of one user; the oldest make room.")
    max_total_bytes: int = Field(
        default=262_144, ge=8192, le=4_194_304, description="Of all memories of one user; the oldest make room."
    )
    keep_days: int = Field(default=365, ge=1, le=3650, description="Then a memory is forgotten.")


class RecallBind(MemoryBind):
    """Finds the memories that have to do with the argument `query`, the best first; with "" the newest."""

    type: Literal["recall"]
    max_memories: int = Field(default=5, ge=1, le=50, description="That one call returns.")


Bind = Annotated[HttpBind | PythonBind | McpBind | RememberBind | RecallBind, Field(discriminator="type")]


class Tool(Document):
    """A tool. A try that exceeds `timeout_seconds` is stopped, a Python one killed, and the agent is told."""

    kind: Literal["Tool"]
    export_name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$")] | None = Field(
        default=None, description="The name the model sees; by default the last part of `name`, with underscores."
    )
    input_schema: JsonSchema
    output_schema: JsonSchema
    annotations: Annotations
    bind: Bind
    timeout_seconds: float = Field(default=15, ge=1, le=30)
    approval: Literal["none", "human"] = Field(
        default="none", description="`human`: the call waits until a person approves."
    )
    max_calls_per_run: int = Field(default=10, ge=1, le=100)
    idempotency_key: str | None = Field(
        default=None,
        description="Template over the arguments, such as `pay-{invoice}`; required where idempotentHint is false.",
    )

    @property
    def service(self) -> str | None:
        """The service of the environment that it calls, if any."""
        match self.bind:
            case HttpBind(service=name) | McpBind(server=name):
                return name
        return None

    @property
    def memory(self) -> RememberBind | RecallBind | None:
        """The memory that it is bound to, if it is."""
        return self.bind if isinstance(self.bind, RememberBind | RecallBind) else None

    @property
    def repeatable(self) -> bool:
        """Whether a call may be tried again: twice is the same as once, or a key tells the service that it is one."""
        return self.annotations.idempotent_hint or self.idempotency_key is not None

    @property
    def exported(self) -> str:
        """The name the model sees."""
        return self.export_name or self.name.rsplit("/", 1)[-1].replace("-", "_")
