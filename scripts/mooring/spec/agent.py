"""Agents: a prompt, tools, models by rung and a resilience profile, under one name."""

from typing import Literal

from pydantic import Field, JsonValue

from mooring.spec.document import Document, JsonSchema, Name, Part


class Rungs(Part):
    """Models by rung of the degradation ladder."""

    primary: Name = Field(alias="L0", description="The primary model.")
    alternate: Name | None = Field(default=None, alias="L1", description="A model of another vendor.")
    local: Name | None = Field(default=None, alias="L2", description="A small model on one's own machines.")

    def names(self) -> tuple[tuple[str, str], ...]:
        """(rung, model name) pairs, the best rung first."""
        rungs = (("L0", self.primary), ("L1", self.alternate), ("L2", self.local))
        return tuple((rung, name) for rung, name in rungs if name is not None)


class Output(Part):
    """What an answer must be: text, or JSON that fits `schema`."""

    type: Literal["text", "json"] = "text"
    json_schema: JsonSchema | None = Field(default=None, alias="schema")


class Limits(Part):
    """Bounds of one run."""

    max_model_calls: int = Field(default=8, ge=1, le=50)
    max_tool_calls: int = Field(default=12, ge=0, le=100)


class Agent(Document):
    """An agent. Its prompt's `message` input is the user's text; `variables` fill the other inputs."""

    kind: Literal["Agent"]
    prompt: Name
    tools: tuple[Name, ...] = ()
    models: Rungs
    resilience: Name
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    output: Output = Output()
    limits: Limits = Limits()
