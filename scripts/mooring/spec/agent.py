"""Agents: a prompt, tools, models by rung and a resilience profile, under one name."""

from typing import Literal

from pydantic import Field, JsonValue

from mooring.spec.document import Document, JsonSchema, Name, Part
from mooring.spec.model import Model
from mooring.spec.resilience import Resilience
from mooring.spec.rungs import Rungs


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

    def prompts(self) -> tuple[tuple[str, str], ...]:
        """(dotted path, prompt name) of every prompt that a rung may tell, the agent's own first."""
        own = ((f"models.{rung}.prompt", each.prompt) for rung, each in self.models.all() if each.prompt is not None)
        return (("prompt", self.prompt), *own)

    def prompt_of(self, rung: str) -> str:
        """The name of the prompt that a rung tells."""
        standing = self.models.of(rung)
        return standing.prompt if standing and standing.prompt else self.prompt

    def tools_of(self, rung: str) -> tuple[str, ...]:
        """Names of the tools that a rung may call, in the agent's order."""
        standing = self.models.of(rung)
        allowed = self.tools if standing is None or standing.tools is None else standing.tools
        return tuple(name for name in self.tools if name in allowed)

    def limited(self, rung: str, model: Model) -> Model:
        """The model of a rung with as little room as the rung gives it."""
        standing = self.models.of(rung)
        if standing is None:
            return model
        output = min(standing.max_output_tokens or model.options.max_output_tokens, model.options.max_output_tokens)
        window = min(model.context_window, (standing.max_input_tokens or model.context_window) + output)
        options = model.options.model_copy(update={"max_output_tokens": output})
        return model.model_copy(update={"options": options, "context_window": window})

    def profiled(self, profile: Resilience) -> Resilience:
        """The profile with the time that the agent's own rungs take."""
        rungs, keys = profile.ladder.rungs, {"L0": "primary", "L1": "alternate", "L2": "local"}
        own = {
            keys[rung]: rungs.of(rung).model_copy(update={"timeout_seconds": each.timeout_seconds})
            for rung, each in self.models.all()
            if each.timeout_seconds is not None
        }
        if not own:
            return profile
        ladder = profile.ladder.model_copy(update={"rungs": rungs.model_copy(update=own)})
        return profile.model_copy(update={"ladder": ladder})
