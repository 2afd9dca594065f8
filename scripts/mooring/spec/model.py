"""Models: which one, where, with what options, at what price."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, Part, SecretRef


class Options(Part):
    """Sampling options sent with every call; what is absent is left to the endpoint."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = None
    max_output_tokens: int = Field(default=1024, ge=1)


class Prices(Part):
    """US dollars per million tokens; zero for a model of one's own."""

    input_per_million: float = Field(ge=0)
    output_per_million: float = Field(ge=0)

    def cost(self, input_tokens: float, output_tokens: float) -> float:
        """US dollars of so many tokens."""
        return (input_tokens * self.input_per_million + output_tokens * self.output_per_million) / 1e6


Weights = Annotated[str, StringConstraints(pattern=r"^(smollm2-135m-instruct|/.+\.gguf)$")]


class Model(Document):
    """A model at an endpoint. `id` is a dated snapshot: a floating alias is refused in production."""

    kind: Literal["Model"]
    provider: str = Field(min_length=1, description="Who answers: rungs L0 and L1 of an agent must differ in it.")
    id: str = Field(min_length=1)
    api_type: Literal["openai-chat", "anthropic-messages"]
    base_url: str = Field(pattern=r"^https?://")
    secret_ref: SecretRef | None = Field(default=None, description="Where the key is, such as env:OPENAI_API_KEY.")
    context_window: int = Field(ge=1024, description="Tokens, input and output together.")
    weights: Weights | None = Field(
        default=None,
        description="What the machine that serves runs as this model at `baseUrl`, unless somebody answers there "
        "already: `smollm2-135m-instruct`, which a locked package brings, or the path of a GGUF file. Absent: the "
        "endpoint is there by itself.",
    )
    max_in_flight: int | None = Field(
        default=None,
        ge=1,
        le=10000,
        description="Calls that a slot makes of it at once, in a cluster each pod an equal part; one more goes to the "
        "next rung, and is no failure of the model. For an endpoint that answers one after the other. "
        "Absent: no limit.",
    )
    options: Options = Options()
    prices: Prices
    prompt_tokens_per_second: float | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        gt=0,
        description="How fast it reads, where that takes time: a model on one's own machine. By it is checked whether"
        " a rung can begin to answer within its limit.",
    )

    @property
    def key_variable(self) -> str | None:
        """The environment variable that holds the key; None when the model needs none."""
        return self.secret_ref.removeprefix("env:") if self.secret_ref else None


def missing_keys(models: Iterable[Model], environ: Mapping[str, str]) -> list[str]:
    """Names of environment variables that ought to hold a model's key and do not."""
    names = {model.key_variable for model in models}
    return sorted(name for name in names if name and not environ.get(name))
