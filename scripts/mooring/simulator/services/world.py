"""Reads the service documents of a folder and checks them as one world."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import JsonValue

from mooring.catalog.nearest import suggestion
from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.simulator.reading import Read, documents
from mooring.simulator.services.documents import Operation, Service
from mooring.simulator.services.expressions import BUILT_IN
from mooring.simulator.template import names

CHECK = "simulator-services"
FOLDER = "services"

Place = tuple[str, str]
"""A dotted path in the document, and what is wrong there."""


def read(folder: Path) -> dict[str, Service]:
    """The services of `folder/services/*.yaml` by file name; none is a world too. Raises FindingsError."""
    found, findings = documents(folder / FOLDER, Service, CHECK)
    for file in found:
        findings += [_finding(file, place, message) for place, message in _wrong(file.document)]
    if findings:
        raise FindingsError(findings)
    return {Path(file.name).stem: file.document for file in found}


def _finding(file: Read[Service], place: str, message: str) -> Finding:
    return Finding(file.name, file.parsed.lines.at(place), place, message, CHECK)


def _wrong(service: Service) -> Iterator[Place]:
    """Names that nothing gives, and insertions into tables that are not there."""
    for name, view in service.views.items():
        place, known = f"views.{name}", {*BUILT_IN, view.of, *view.given}
        yield from _terms(place, view.terms, known)
        yield from _shape(f"{place}.fields", view.fields, known)
    for index, route in enumerate(service.routes):
        yield from _operation(f"routes.{index}", route, service, set(route.places))
    for index, tool in enumerate(service.tools):
        yield from _operation(f"tools.{index}", tool, service, set())


def _operation(place: str, operation: Operation, service: Service, given: set[str]) -> Iterator[Place]:
    known = {*BUILT_IN, *given, *operation.input.get("properties", {})}
    yield from _terms(place, operation.terms, known)
    for index, refusal in enumerate(operation.refuse):
        yield from _unknown(f"{place}.refuse.{index}.when", "{{ " + refusal.when + " }}", known)
        yield from _unknown(f"{place}.refuse.{index}.message", refusal.message, known)
    if insert := operation.insert:
        if insert.into not in service.tables:
            tables = service.tables.keys()
            yield f"{place}.insert.into", f"there is no table {insert.into!r}{suggestion(insert.into, tables)}"
        yield from _shape(f"{place}.insert.record", insert.record, {*known, "number"})
        known.add("number")
    yield from _shape(f"{place}.answer", operation.answer, known)


def _terms(place: str, terms: Mapping[str, str], known: set[str]) -> Iterator[Place]:
    for name, expression in terms.items():
        yield from _unknown(f"{place}.terms.{name}", "{{ " + expression + " }}", known)
        known.add(name)


def _shape(place: str, shape: JsonValue | Mapping[str, JsonValue], known: set[str]) -> Iterator[Place]:
    if isinstance(shape, str):
        yield from _unknown(place, "{{ " + shape + " }}", known)
    elif isinstance(shape, Mapping):
        for name, part in shape.items():
            yield from _shape(f"{place}.{name}", part, known)
    elif isinstance(shape, list):
        for index, part in enumerate(shape):
            yield from _shape(f"{place}.{index}", part, known)


def _unknown(place: str, template: str, known: set[str]) -> Iterator[Place]:
    for missing in sorted(names(template) - known):
        yield place, f"nothing gives the variable {missing!r}{suggestion(missing, known)}"
