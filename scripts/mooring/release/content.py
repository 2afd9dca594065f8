"""The content of a release: every document an environment needs, resolved and with defaults filled in."""

from typing import Literal

from pydantic import Field

from mooring.spec import (
    Agent,
    Chat,
    Drift,
    Environment,
    Export,
    Guards,
    Model,
    Objectives,
    Patrol,
    Repository,
    Resilience,
    Tool,
)
from mooring.spec.document import JsonSchema, Part
from mooring.spec.endpoints import by_provider
from mooring.spec.prompt import Message


class ResolvedPrompt(Part):
    """A prompt with its parents and shared parts written in.

    `parts` says where text came from: version by name of every parent and shared part.
    """

    name: str
    version: str
    owner: str
    input: JsonSchema
    output: JsonSchema | None
    messages: tuple[Message, ...]
    parts: dict[str, str]


class Code(Part):
    """A module of the team's Python tools. `version` names the source: the first 12 digits of its sha256."""

    name: str
    version: str
    owner: str
    source: str


class ReleaseContent(Part):
    """Documents by name. The overrides of the environment are applied; the commit is no part of it."""

    format: Literal["mooring.release/v1"] = "mooring.release/v1"
    environment: Environment
    agents: dict[str, Agent]
    prompts: dict[str, ResolvedPrompt]
    tools: dict[str, Tool]
    code: dict[str, Code] = Field(default_factory=dict)
    models: dict[str, Model]
    resilience: dict[str, Resilience]
    guards: dict[str, Guards]
    drift: dict[str, Drift] = Field(default_factory=dict)
    exports: dict[str, Export] = Field(default_factory=dict)
    objectives: dict[str, Objectives] = Field(default_factory=dict)
    patrols: dict[str, Patrol] = Field(default_factory=dict)
    chats: dict[str, Chat] = Field(default_factory=dict)
    repositories: dict[str, Repository] = Field(default_factory=dict)

    def endpoints_of(self, agent: Agent) -> dict[str, str]:
        """`simulated` or `real` for each provider of an agent's models."""
        providers = (self.models[name].provider for _, name in agent.models.names())
        return by_provider(self.environment.endpoints, providers)

    @property
    def real_models(self) -> tuple[Model, ...]:
        """The models that are asked at their own endpoints."""
        return tuple(model for model in self.models.values() if not self.environment.simulates(model.provider))

    @property
    def model_variables(self) -> frozenset[str]:
        """The variables with the keys of models that are asked at their own endpoints."""
        return frozenset(model.key_variable for model in self.real_models if model.key_variable)

    @property
    def operations_variables(self) -> frozenset[str]:
        """The variables with the secrets of exports and of chat."""
        copied = (name for export in self.exports.values() for name in export.variables)
        said = (name for chat in self.chats.values() for name in chat.variables)
        return frozenset((*copied, *said))

    @property
    def chat(self) -> Chat | None:
        """Who may steer the environment by chat, and where its alerts go."""
        return self.chats.get(self.environment.chat or "")

    @property
    def promised(self) -> Objectives | None:
        """What the environment promises."""
        return self.objectives.get(self.environment.objectives or "")
