"""Assertions about JSON in an answer."""

import json
import re
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
        return _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        raise NoJson(str(error)) from None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)


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


_TOKEN = re.compile(r'[{}\[\]]|"(?:[^"\\\n]|\\.)*"')
_CLOSES = {"}": "{", "]": "["}
_DEEPEST = 200
"""Levels of a value that is taken for JSON; json itself gives up at about a thousand."""


def _embedded(text: str) -> Iterator[Any]:
    """Every JSON object or list in a text, outermost first, in time that grows with the text as the text does.

    Brackets are paired in one pass, and pairs alone are parsed: one that is no JSON is taken apart.
    """
    taken = 0
    for start, end, levels in sorted(_pairs(text)):
        if start < taken or levels > _DEEPEST:
            continue
        try:
            value = parsed(text[start:end])
        except NoJson:
            continue
        taken = end
        yield value


def _pairs(text: str) -> Iterator[tuple[int, int, int]]:
    """Brackets with their partners: start, end and levels of each pair.

    A string hides what is in it only within brackets, where it may be one of JSON.
    """
    opened: list[tuple[str, int]] = []
    levels = [0]
    at = 0
    while token := _TOKEN.search(text, at):
        sign, start = token[0], token.start()
        at = token.end() if opened else start + 1
        if sign in "{[":
            opened.append((sign, start))
            levels.append(0)
        elif opened and _CLOSES.get(sign) == opened[-1][0]:
            deep = levels.pop() + 1
            levels[-1] = max(levels[-1], deep)
            yield opened.pop()[1], token.end(), deep


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
