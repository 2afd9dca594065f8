"""Rule files of a folder, read and checked as one book."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from mooring.catalog.nearest import suggestion
from mooring.catalog.parse import Parsed
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.simulator import template
from mooring.simulator.reading import documents
from mooring.simulator.rules import Call, Fact, Language, Rule, RuleFile, Vendor, When

CHECK = "simulator-rules"
BUILT_IN = frozenset({"model", "system", "user", "earlier", "tools", "results", "lang"})
"""Variables that every rule has."""


@dataclass(frozen=True, slots=True)
class Section:
    """The rules of one file, which are tried when its `when` holds."""

    when: When
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, in the order in which they are tried. What none matches is answered by the stand-in."""

    vendors: tuple[Vendor, ...]
    languages: dict[str, Language]
    facts: dict[str, Fact]
    terms: dict[str, str]
    sections: tuple[Section, ...]

    def vendor(self, model: str) -> Vendor | None:
        """Who answers for this model id; None when it is unknown."""
        for vendor in self.vendors:
            if model in vendor.ids or (vendor.pattern and re.search(vendor.pattern, model)):
                return vendor
        return None


def read(folder: Path) -> Rulebook:
    """The rules of `folder/*.yaml`; none is a book too. Raises FindingsError with all that is wrong."""
    found, findings = documents(folder, RuleFile, CHECK)
    files = {file.name: (file.document, file.parsed) for file in found}
    book = _bind({name: file for name, (file, _) in files.items()})
    for name, place, message in _wrong(files, book) if not findings else ():
        findings.append(Finding(name, files[name][1].lines.at(place), place, message, CHECK))
    if findings:
        raise FindingsError(findings)
    return book


def _bind(files: dict[str, RuleFile]) -> Rulebook:
    return Rulebook(
        vendors=tuple(vendor for file in files.values() for vendor in file.models),
        languages={code: language for file in files.values() for code, language in file.languages.items()},
        facts={name: fact for file in files.values() for name, fact in file.facts.items()},
        terms={name: term for file in files.values() for name, term in file.terms.items()},
        sections=tuple(Section(file.when, file.rules) for file in files.values() if file.rules),
    )


def _wrong(files: dict[str, tuple[RuleFile, Parsed]], book: Rulebook) -> Iterator[tuple[str, str, str]]:
    """(file, place, message) of what is wrong between rules that are each well-formed."""
    seen: dict[str, str] = {}
    before = set(BUILT_IN | book.facts.keys())
    for name, (file, _) in files.items():
        for term, expression in file.terms.items():
            yield from _unknown(name, f"terms.{term}", "{{ " + expression + " }}", before)
            before.add(term)
    for name, (file, _) in files.items():
        for index, rule in enumerate(file.rules):
            place = f"rules.{index}"
            if rule.id in seen:
                yield name, f"{place}.id", f"rule {rule.id!r} is there already, in {seen[rule.id]}"
            seen.setdefault(rule.id, name)
            known = before | _given(file.when) | _given(rule.when)
            for text in _texts(rule):
                yield from _unknown(name, place, text, known)


def _unknown(name: str, place: str, text: str, known: set[str]) -> Iterator[tuple[str, str, str]]:
    for missing in sorted(template.names(text) - known):
        yield name, place, f"nothing gives the variable {missing!r}{suggestion(missing, known)}"


def _given(when: When) -> set[str]:
    """Variables that conditions give: named groups and results."""
    groups = {group for pattern in (*when.system, *when.user) for group in re.compile(pattern).groupindex}
    return groups | when.results.keys()


def _texts(rule: Rule) -> Iterator[str]:
    """Every template of a rule; its test as one too."""
    if rule.when.test:
        yield "{{ " + rule.when.test + " }}"
    yield from rule.reply.content.values()
    yield from rule.reply.terse.values()
    yield from _strings(call.arguments for call in rule.reply.calls)


def _strings(value: JsonValue | Iterable[Any] | Call) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(value.values())
    elif isinstance(value, Iterable):
        for item in value:
            yield from _strings(item)
