"""Answers one call of a service: input checked, refusals, at most one insertion, the answer."""

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import TemplateError
from jsonschema import Draft202012Validator

from mooring.simulator.services.documents import Operation
from mooring.simulator.services.expressions import Expressions


class Wrong(Exception):
    """The call cannot be answered: an HTTP status, a code for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def answer(operation: Operation, expressions: Expressions, given: Mapping[str, Any], path: Mapping[str, str]) -> Any:
    """The JSON value that a call gets; inserts its record. `given` was checked. Raises Wrong."""
    properties: Mapping[str, Any] = operation.input.get("properties", {})
    variables: dict[str, Any] = {name: schema.get("default") for name, schema in properties.items()}
    try:
        variables = expressions.terms(operation.terms, variables | dict(given) | dict(path))
        for refusal in operation.refuse:
            if expressions.value(refusal.when, variables):
                raise Wrong(refusal.status, refusal.code, expressions.text(refusal.message, variables))
        if insert := operation.insert:
            number = expressions.records.next_number(insert.into)
            variables["number"] = number
            record = expressions.shape(dict(insert.record), variables)
            _unique(expressions, insert.into, record)
            expressions.records.insert(insert.into, number, record)
        return expressions.shape(operation.answer, variables)
    except (TemplateError, TypeError, ValueError, KeyError, ZeroDivisionError) as error:
        raise Wrong(500, "broken-service", f"An expression of the service document failed: {error}") from error


def _unique(expressions: Expressions, table: str, record: Mapping[str, Any]) -> None:
    key = expressions.service.tables[table].key
    if key and expressions.value(f"first(table, {key}=value)", {"table": table, "value": record.get(key)}):
        raise Wrong(409, "exists", f"There is a record with {key} {record.get(key)!r} already.")


def checked(operation: Operation, given: Any) -> dict[str, Any]:
    """The input, when it fits its schema. Raises Wrong naming every fault."""
    validator = Draft202012Validator(operation.input)
    faults = sorted(validator.iter_errors(given), key=lambda error: [str(step) for step in error.path])
    if faults:
        places = (f"{'.'.join(map(str, fault.path)) or 'input'}: {fault.message}" for fault in faults)
        raise Wrong(422, "invalid", "; ".join(places))
    return dict(given)


def typed(operation: Operation, query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Query parameters as the types of their schemas; one that is of another type stays a text."""
    properties: Mapping[str, Any] = operation.input.get("properties", {})
    return {name: _typed(properties.get(name, {}).get("type"), text) for name, text in query}


def _typed(kind: Any, text: str) -> Any:
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text
