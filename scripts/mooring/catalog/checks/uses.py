"""Which variables a prompt renders, its parents and shared parts included, and where each is named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.jsonschemas import properties
from mooring.catalog.prompts import BrokenPrompt, Flat, Text, flatten, lineage, texts
from mooring.spec import Prompt, PromptPart


@dataclass(frozen=True, slots=True)
class Use:
    """A variable named in `text` at `line` of its file, directly or by the shared part `via`."""

    variable: str
    text: Text
    line: int
    via: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A prompt that can be flattened. `declares` is the entry whose input contract holds, if any."""

    entry: Entry
    prompt: Prompt
    flat: Flat
    uses: tuple[Use, ...]
    declares: Entry | None

    @property
    def properties(self) -> dict[str, Any]:
        return properties(self.flat.input)

    def untrusted(self) -> set[str]:
        marked = self.properties.items()
        return {name for name, schema in marked if isinstance(schema, dict) and schema.get("x-untrusted") is True}


def families(catalog: Catalog) -> dict[str, Family]:
    """Every prompt that can be flattened, by name; worked out once."""
    if "families" not in catalog.memo:
        found = ((name, _family(catalog, prompt)) for name, prompt in catalog.all(Prompt).items())
        catalog.memo["families"] = {name: family for name, family in found if family is not None}
    known: dict[str, Family] = catalog.memo["families"]
    return known


def _family(catalog: Catalog, prompt: Prompt) -> Family | None:
    entries = catalog.of(Prompt)
    try:
        flat = flatten(catalog, prompt)
        members = [entries[member.name] for member in lineage(catalog, prompt)]
    except BrokenPrompt:
        return None
    uses = tuple(use for member in members for text in texts(catalog, member) for use in _uses(catalog, text))
    declares = next((member for member in members if "input" in member.data), None)
    return Family(entries[prompt.name], prompt, flat, uses, declares)


def _uses(catalog: Catalog, text: Text) -> Iterator[Use]:
    for variable, line in text.template.variables.items():
        yield Use(variable, text, text.line(line))
    for name, line in text.template.includes:
        for variable in sorted(_of_part(catalog, name)):
            yield Use(variable, text, text.line(line), name)


def _of_part(catalog: Catalog, name: str) -> frozenset[str]:
    """Variables of a shared part and of what it includes; only called where there is no cycle."""
    key = ("variables", name)
    if key not in catalog.memo:
        entry = catalog.of(PromptPart)[name]
        found: set[str] = set()
        for text in texts(catalog, entry):
            found |= text.template.variables.keys()
            found.update(*(_of_part(catalog, included) for included, _ in text.template.includes))
        catalog.memo[key] = frozenset(found)
    known: frozenset[str] = catalog.memo[key]
    return known
