"""A release's prompts as templates, compiled once."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from jinja2 import UndefinedError

from mooring.catalog.template import environment
from mooring.release.content import ResolvedPrompt
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.shape import checker, flaw

Role = Literal["system", "user", "assistant"]
Text = tuple[Role, str]
"""A message: who says it, and what."""

_JINJA = environment()


class CompiledPrompt:
    """A prompt with the agent's own variables. Its last message is the one that holds the user's text.

    System messages are rendered here and now, from the agent's variables alone: text from outside cannot reach them.
    Raises jinja2.TemplateError for a template that does not compile or a system message that needs more.
    """

    def __init__(self, prompt: ResolvedPrompt, variables: Mapping[str, Any]) -> None:
        self._variables = dict(variables)
        self._render = [self._compiled(message.role, message.content) for message in prompt.messages]
        self.head = len(prompt.messages) - 1
        """How many messages stand before the conversation."""
        self._input = checker(prompt.input)
        properties: dict[str, Any] = prompt.input.get("properties", {})
        self.open = frozenset(
            name for name, schema in properties.items() if schema.get("x-untrusted") and name != "message"
        )
        """Names of the inputs that a request may fill besides its message."""

    def check(self, message: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs of the prompt. Raises Problem when one cannot be set by a request or breaks the input schema."""
        if unknown := sorted(variables.keys() - self.open):
            raise Problem("unknown_variable", f"a request cannot set {', '.join(unknown)}", "variables")
        values = {**variables, **self._variables, "message": message}
        if error := flaw(self._input, values):
            # The error's own words quote the value, which is the user's.
            place = str(error.path[0]) if error.path else "variables"
            limit = "" if error.validator == "type" else f" {error.validator_value}"
            raise Problem("invalid_request", f"{place} breaks {error.validator}{limit} of the prompt's input", place)
        return values

    def render(self, message: str, variables: Mapping[str, Any]) -> tuple[list[Text], str]:
        """The messages before the conversation, and the last one with the user's text in it. Raises Problem."""
        values = self.check(message, variables)
        try:
            return self._rendered(values)
        except UndefinedError as error:
            raise Problem("invalid_request", f"an input of the prompt is missing: {error}", "variables") from error

    def told(self, message: str, variables: Mapping[str, Any]) -> tuple[list[Text], str]:
        """The same for a request that another prompt has checked, whose inputs are more. Raises UndefinedError."""
        return self._rendered({**variables, **self._variables, "message": message})

    def _rendered(self, values: Mapping[str, Any]) -> tuple[list[Text], str]:
        *before, (_, last) = [(role, render(values)) for role, render in self._render]
        return before, last

    def _compiled(self, role: Role, content: str) -> tuple[Role, Callable[[Mapping[str, Any]], str]]:
        template = _JINJA.from_string(content)
        if role != "system":
            return role, lambda values: template.render(values)
        text = template.render(self._variables)
        return role, lambda values: text
