"""What every document has in common."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

OF_WORKFLOWS = ("GH_TOKEN", "GITHUB_", "ACTIONS_", "RUNNER_")
"""How variables begin that workflows give to their steps: a document must not have them sent anywhere."""


def _of_machine(reference: str) -> str:
    name = reference.removeprefix("env:")
    if name.startswith(OF_WORKFLOWS):
        raise ValueError(f"{name} is of the workflows; name a variable of the machine")
    return reference


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$", max_length=120)]
Version = Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$")]
Owner = Annotated[str, StringConstraints(pattern=r"^@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?$")]
SecretRef = Annotated[
    str,
    StringConstraints(pattern=r"^env:[A-Z][A-Z0-9_]*$"),
    AfterValidator(_of_machine),
    Field(json_schema_extra={"not": {"pattern": f"^env:({'|'.join(OF_WORKFLOWS)})"}}),
]
FileRef = Annotated[str, StringConstraints(pattern=r"^file:/.+$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
JsonSchema = dict[str, Any]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A piece of a document: immutable, unknown keys refused, camelCase in YAML."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        defer_build=True,
    )


class Document(Part):
    """The head of every document."""

    api_version: Literal["mooring/v1"] = Field(description="The version of this document format.")
    kind: str
    name: Name = Field(description="The file's path below its folder, without `.yaml`.")
    version: Version = Field(description="Semantic version of this document; one version stands for one content.")
    description: str = Field(min_length=1, description="What this document is for, in a sentence.")
    owner: Owner = Field(description="The GitHub team or user who approves changes, such as @acme/support.")
