"""What a rule file may say: frozen models, no I/O.

A rule matches a conversation and says what the model replies. The first rule that matches wins, over all files in the
order of their names. The language is described in `evals/simulator/README.md`.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from mooring.simulator.template import is_expression, is_template
from mooring.spec.document import Part


def _is_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


Pattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_is_pattern)]
Expression = Annotated[str, StringConstraints(min_length=1), AfterValidator(is_expression)]
Template = Annotated[str, StringConstraints(min_length=1), AfterValidator(is_template)]
Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_-]*$")]


class Vendor(Part):
    """Models that answer. An `id` that `pattern` matches is known too, so that a new snapshot needs no edit here."""

    provider: str = Field(min_length=1)
    ids: tuple[str, ...] = Field(min_length=1, description="Listed by `/v1/models`.")
    pattern: Pattern | None = None
    style: Literal["full", "terse"] = "full"


class Language(Part):
    """A language the model can answer in, when the system prompt tells it to follow the user's."""

    words: tuple[str, ...] = Field(
        min_length=1, description="Common words that English does not have; each Chinese character is one."
    )
    system: Pattern = Field(description="Must be found in the system prompt.")


class Fact(Part):
    """A variable: the first group of `pattern` that took part, or the whole match, of the last match in the first place
    that has one; None where no place has."""

    places: tuple[Literal["system", "user", "earlier"], ...] = Field(alias="in", min_length=1)
    pattern: Pattern


class When(Part):
    """Conditions, all of which must hold. Patterns are searched for, case-insensitively; their named groups become
    variables. `results` maps variables to tools that have answered since the last user message."""

    model: Pattern | None = None
    system: tuple[Pattern, ...] = ()
    system_lacks: tuple[Pattern, ...] = ()
    tools: tuple[ToolName, ...] = ()
    tools_lack: tuple[ToolName, ...] = ()
    user: tuple[Pattern, ...] = ()
    user_lacks: tuple[Pattern, ...] = ()
    results: dict[Variable, ToolName] = Field(default_factory=dict)
    results_lack: tuple[ToolName, ...] = ()
    test: Expression | None = Field(default=None, description="Does not hold where a value it needs is not there.")


class Call(Part):
    """A tool call; every text in `arguments` is a template."""

    tool: ToolName
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class Reply(Part):
    """What the model says, by language code, and which tools it calls.

    `terse` is said instead of `content` by models of that style.
    """

    content: dict[str, Template] = Field(default_factory=dict)
    terse: dict[str, Template] = Field(default_factory=dict)
    calls: tuple[Call, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> "Reply":
        if not self.content and not self.calls:
            raise ValueError("a reply needs `content` or `calls`")
        for texts in (self.content, self.terse):
            if texts and "en" not in texts:
                raise ValueError("texts need `en`, the language of last resort")
        return self


class Rule(Part):
    """A rule that calls tools steps aside once all of them have answered in this turn, so that it never loops."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    when: When = When()
    reply: Reply


class RuleFile(Part):
    """One file. `when` holds for every rule of the file; `facts` and `terms` are known to every rule of every file."""

    description: str = Field(min_length=1)
    models: tuple[Vendor, ...] = ()
    languages: dict[str, Language] = Field(default_factory=dict)
    facts: dict[Variable, Fact] = Field(default_factory=dict)
    terms: dict[Variable, Expression] = Field(
        default_factory=dict, description="Variables worked out of facts and of the terms before them."
    )
    when: When = When()
    rules: tuple[Rule, ...] = ()
