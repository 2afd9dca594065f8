"""Checks JSON values against JSON Schema; validators are compiled once."""

from typing import Any

from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator
from jsonschema.validators import Draft202012Validator, validator_for

from mooring.spec.document import JsonSchema


def checker(schema: JsonSchema) -> Validator:
    """A validator; of JSON Schema 2020-12 unless the schema says otherwise."""
    return validator_for(schema, default=Draft202012Validator)(schema)


def broken(validator: Validator, value: Any) -> str:
    """What is wrong with `value`, with its place, or "" when it fits. The words may quote the value."""
    error = flaw(validator, value)
    return f"{error.json_path}: {error.message[:300]}" if error else ""


def flaw(validator: Validator, value: Any) -> ValidationError | None:
    """The most telling thing wrong with `value`, or None."""
    found: ValidationError | None = best_match(validator.iter_errors(value))
    return found
