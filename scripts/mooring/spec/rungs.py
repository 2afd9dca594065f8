"""Models by rung of the degradation ladder: a name, or a model with a prompt, tools and limits of its own."""

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from mooring.spec.document import Name, Part, Seconds

NAME, MAPPING = "(a name)", "(a mapping)"
"""The two forms of a rung, as errors of pydantic tell them apart; no key of a document is spelt so."""


class Rung(Part):
    """One rung. What is absent is the agent's own, and for limits the model's and the profile's.

    The conversation is the same on every rung; a prompt of a rung's own replaces the agent's messages around it.
    """

    model: Name
    prompt: Name | None = Field(
        default=None,
        description="Told instead of the agent's prompt; it takes the same inputs and promises the same.",
    )
    tools: tuple[Name, ...] | None = Field(
        default=None,
        description="Those of the agent's tools that this rung may call; [] for none.",
    )
    max_input_tokens: int | None = Field(
        default=None,
        ge=256,
        description="Of prompt, tools and conversation together; what is more is trimmed as at the end of a window.",
    )
    max_output_tokens: int | None = Field(default=None, ge=1, description="Of an answer, at most the model's own.")
    timeout_seconds: Annotated[Seconds, Field(le=120)] | None = Field(
        default=None, description="Of one try, instead of the profile's for this rung."
    )

    @property
    def own(self) -> bool:
        """Whether there is anything here that the agent does not say."""
        return bool(self.model_dump(exclude={"model"}, exclude_none=True))


def _short(standing: "str | Rung") -> "str | Rung":
    """A mapping with a model alone is the name of the model: one content, one digest."""
    if isinstance(standing, Rung) and not standing.own:
        return standing.model
    return standing


def _form(value: Any) -> str:
    return MAPPING if isinstance(value, dict | Rung) else NAME


Standing = Annotated[
    Annotated[Name, Tag(NAME)] | Annotated[Rung, Tag(MAPPING)], Discriminator(_form), AfterValidator(_short)
]
"""Who stands on a rung."""


class Rungs(Part):
    """Models by rung of the degradation ladder."""

    primary: Standing = Field(alias="L0", description="The primary model.")
    alternate: Standing | None = Field(default=None, alias="L1", description="A model of another vendor.")
    local: Standing | None = Field(default=None, alias="L2", description="A small model on one's own machines.")

    def all(self) -> tuple[tuple[str, Rung], ...]:
        """(rung, who stands on it), the best rung first."""
        rungs = (("L0", self.primary), ("L1", self.alternate), ("L2", self.local))
        return tuple((rung, _whole(standing)) for rung, standing in rungs if standing is not None)

    def names(self) -> tuple[tuple[str, str], ...]:
        """(rung, model name) pairs, the best rung first."""
        return tuple((rung, standing.model) for rung, standing in self.all())

    def of(self, rung: str) -> Rung | None:
        """Who stands on a rung; None when nobody does."""
        return dict(self.all()).get(rung)


def _whole(standing: str | Rung) -> Rung:
    return Rung(model=standing) if isinstance(standing, str) else standing
