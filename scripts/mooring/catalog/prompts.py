"""Prompts and shared parts: the texts they hold, and a prompt with its parents and parts written in."""

from collections.abc import Iterator
from dataclasses import dataclass

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.template import Template, analyse, write_in
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


@dataclass(frozen=True, slots=True)
class Text:
    """A template as it stands in a document; `role` is "" in a shared part."""

    entry: Entry
    path: str
    role: str
    template: Template

    def line(self, line: int) -> int:
        """The file's line for a line of the template."""
        return self.entry.lines.text(self.path, line)


def texts(catalog: Catalog, *only: Entry) -> Iterator[Text]:
    """Every template of the catalog, or of some entries."""
    for entry in only or (*catalog.of(Prompt).values(), *catalog.of(PromptPart).values()):
        document = entry.document
        if isinstance(document, Prompt):
            for index, message in enumerate(document.messages):
                yield Text(entry, f"messages.{index}.content", message.role, analyse(message.content))
        elif isinstance(document, PromptPart):
            yield Text(entry, "text", "", analyse(document.text))


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
