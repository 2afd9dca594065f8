"""Shapes of the values of assertions. Where a short form is allowed, such as a tool's name alone, it is read as one."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from mooring.spec.document import JsonSchema, Part

Text = Annotated[str, StringConstraints(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Patterns = Texts
Json = Annotated[JsonValue, BeforeValidator(lambda value: _present(value))]
Schema = Annotated[JsonSchema, Field(min_length=1)]
Nothing = None
_TELLING = 5

Rung = Annotated[str, StringConstraints(pattern=r"^L[0-4]$")]


def _present(value: Any) -> Any:
    if value is None:
        raise ValueError("it must be there")
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


References = Annotated[Texts, BeforeValidator(_listed)]
Tools = Annotated[Texts, BeforeValidator(_listed)]
Rungs = Annotated[tuple[Rung, ...], Field(min_length=1), BeforeValidator(_listed)]


class Count(Part):
    """At least `min` and at most `max`; a plain number is both."""

    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return {"min": value, "max": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.max is None and self.min == 0:
            raise ValueError("it must have `min` or `max`")
        if self.max is not None and self.max < self.min:
            raise ValueError("`max` must not be below `min`")
        return self

    def fits(self, number: int) -> bool:
        return self.min <= number and (self.max is None or number <= self.max)

    def __str__(self) -> str:
        if self.min == self.max:
            return f"{self.min}"
        if self.max is None:
            return f"at least {self.min}"
        return f"{self.min} to {self.max}" if self.min else f"at most {self.max}"


class ToolUse(Part):
    """How often each of the tools is called. Tools have the names that the model sees."""

    name: Tools
    min: int = Field(default=1, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str | list | tuple) else value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("`max` must not be below `min`, which is 1 unless it is given")
        return self

    @property
    def count(self) -> Count:
        return Count.model_construct(min=self.min, max=self.max)


class ArgsMatch(Part):
    """A call of `name` whose arguments are `args` (`exact`), or have them among others (`partial`)."""

    name: Text
    args: dict[str, JsonValue]
    mode: Literal["partial", "exact"] = "partial"


class Sequence(Part):
    """Tools in this order: alone (`exact`), or with other calls in between (`in-order`)."""

    steps: Texts
    mode: Literal["in-order", "exact"] = "in-order"

    @model_validator(mode="before")
    @classmethod
    def _steps(cls, value: Any) -> Any:
        return {"steps": value} if isinstance(value, list | tuple) else value


class Before(Part):
    """`first` must have answered without an error before `then` is called."""

    first: Text
    then: Text


class ToolPolicy(Part):
    """What the agent may call. `allowed`: nothing else; `max_calls`: by tool, `*` for all together."""

    allowed: Texts | None = None
    forbidden: Texts | None = None
    before: tuple[Before, ...] = ()
    max_calls: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.allowed or self.forbidden or self.before or self.max_calls):
            raise ValueError("it must have one of `allowed`, `forbidden`, `before` and `maxCalls`")
        return self


class Canaries(Part):
    """Texts that untrusted text or a tool's result asks for, and tools it asks to be called."""

    canaries: tuple[Text, ...] = ()
    calls: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {"canaries": value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.canaries or self.calls):
            raise ValueError("it must have `canaries` or `calls`")
        if any(sum(char.isalnum() for char in text) < _TELLING for text in self.canaries):
            raise ValueError(f"a canary must have {_TELLING} letters or digits: a shorter one is found by chance")
        return self


class Rubric(Part):
    """What a judge looks for. `steps` say how; `expected` is an answer that would be right."""

    rubric: Text | None = None
    steps: tuple[Text, ...] = ()
    expected: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        return {"rubric": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.rubric or self.steps):
            raise ValueError("it must have `rubric` or `steps`")
        return self


class Context(Part):
    """The texts that the answer must be true to, instead of what the tools answered."""

    context: Texts


class Metric(Part):
    """`args` are handed to the metric under deepeval's own names. `expected` is an answer that would be right."""

    args: dict[str, JsonValue] = Field(default_factory=dict)
    context: Texts | None = None
    expected: Text | None = None
    expected_tools: Texts | None = None

    @model_validator(mode="after")
    def _ours(self) -> Self:
        ours = {"model", "threshold", "async_mode", "verbose_mode", "strict_mode", "evaluation_template"}
        if taken := sorted(ours & self.args.keys()):
            raise ValueError(f"`args` must be without {taken[0]!r}, which is set here")
        return self
