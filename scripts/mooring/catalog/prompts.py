"""A prompt with its parents and shared parts written in."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog
from mooring.catalog.template import write_in
from mooring.errors import MooringError
from mooring.spec import Prompt, PromptPart
from mooring.spec.document import JsonSchema
from mooring.spec.prompt import Message


class BrokenPrompt(MooringError):
    """A parent or part is missing, broken, or contains itself: the named checks say which."""


@dataclass(frozen=True, slots=True)
class Flat:
    """A prompt that stands alone. `parts` is the version of every parent and shared part, by name."""

    messages: tuple[Message, ...]
    input: JsonSchema | None
    output: JsonSchema | None
    parts: dict[str, str]


def flatten(catalog: Catalog, prompt: Prompt) -> Flat:
    """Messages of the parents come first; a contract is the nearest one that is given. Raises BrokenPrompt."""
    family = list(lineage(catalog, prompt))
    parts = {parent.name: parent.version for parent in family[1:]}
    messages = tuple(
        message.model_copy(update={"content": _written(catalog, message.content, parts, ())})
        for member in reversed(family)
        for message in member.messages
    )
    given = next((member.input for member in family if member.input is not None), None)
    wanted = next((member.output for member in family if member.output is not None), None)
    return Flat(
        messages,
        given.json_schema if given else None,
        wanted.json_schema if wanted else None,
        dict(sorted(parts.items())),
    )


def lineage(catalog: Catalog, prompt: Prompt) -> Iterator[Prompt]:
    """The prompt, its parent, and so on. Raises BrokenPrompt at a missing parent or a cycle."""
    seen = {prompt.name}
    yield prompt
    while prompt.extends is not None:
        parent = catalog.get(Prompt, prompt.extends)
        if parent is None or parent.name in seen:
            raise BrokenPrompt(f"prompt {prompt.name!r} extends {prompt.extends!r}, which is missing or a cycle")
        seen.add(parent.name)
        yield parent
        prompt = parent


def _written(catalog: Catalog, text: str, parts: dict[str, str], above: tuple[str, ...]) -> str:
    def part(name: str) -> str:
        found = catalog.get(PromptPart, name)
        if found is None or name in above:
            raise BrokenPrompt(f"shared part {name!r} is missing or includes itself")
        parts[name] = found.version
        return _written(catalog, found.text, parts, (*above, name))

    return write_in(text, part)
