"""Assertions about JSON in an answer."""

import json
from collections.abc import Iterator
from typing import Any

from mooring.evaluate.assertions.subject import Subject, Unjudged, Verdict, got, shown
from mooring.spec.document import JsonSchema

_SHOWN = 3


class NoJson(ValueError):
    """The text is no JSON."""


def parsed(text: str) -> Any:
    """The value of a text that is JSON as a whole. NoJson also for what JSON does not have, such as NaN."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NoJson(str(error)) from None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def is_json(subject: Subject, schema: JsonSchema | None, _: float | None) -> Verdict:
    try:
        value = parsed(subject.text)
    except NoJson as error:
        return Verdict(False, f"no JSON: {error}; {got(subject)}")
    return _against(value, schema)


def contains_json(subject: Subject, schema: JsonSchema | None, _: float | None) -> Verdict:
    """Any object or list in the text that fits will do."""
    last = Verdict(False, f"no JSON object or list is in the answer; {got(subject)}")
    for value in _embedded(subject.text):
        last = _against(value, schema)
        if last.passed:
            break
    return last


def _embedded(text: str) -> Iterator[Any]:
    """Every JSON object or list in a text, outermost first."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = 0
    while at < len(text):
        if text[at] not in "{[":
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield value


def _against(value: Any, schema: JsonSchema | None) -> Verdict:
    if schema is None:
        return Verdict(True, f"JSON: {shown(value)}")
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Unjudged(f"the schema is none: {error.message}") from None
    wrong = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    if not wrong:
        return Verdict(True, f"fits the schema: {shown(value)}")
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return Verdict(False, f"does not fit the schema: {'; '.join(wrong[:_SHOWN])}{more}; got {shown(value)}")
