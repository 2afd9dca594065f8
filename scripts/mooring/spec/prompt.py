"""Prompts: what an agent is told, as templates with a typed input."""

from typing import Literal

from pydantic import Field

from mooring.spec.document import Document, JsonSchema, Name, Part


class Contract(Part):
    """The shape of what goes in or comes out, as JSON Schema 2020-12.

    A property with `x-untrusted: true` holds text from outside and may stand in user messages only.
    """

    # `schema` would shadow a pydantic attribute.
    json_schema: JsonSchema = Field(alias="schema")


class Message(Part):
    """One message. `content` is a Jinja2 template (immutable sandbox, undefined names are errors)
    with `{{ variable }}` from the input schema and `{% include "shared/part" %}`."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class Prompt(Document):
    """A prompt. With `extends` the parent's messages come first, and its contracts hold where this one has none."""

    kind: Literal["Prompt"]
    extends: Name | None = None
    input: Contract | None = None
    output: Contract | None = None
    messages: tuple[Message, ...] = Field(min_length=1)


class PromptPart(Document):
    """Text that prompts share by `{% include "shared/name" %}`; a template itself, which may include others."""

    kind: Literal["PromptPart"]
    text: str = Field(min_length=1)
