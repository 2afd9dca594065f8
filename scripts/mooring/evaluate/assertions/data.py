"""Assertions about JSON in an answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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


_TOKEN = re.compile(r'[{}\[\]]|"(?:[^"\\\n]|\\.)*"')
_CLOSES = {"}": "{", "]": "["}
_DEEPEST = 200
"""Levels of a value that is taken for JSON; json itself gives up at about a thousand."""


@dataclass(slots=True)
class _Span:
    """A bracket and its partner, with the pairs inside; `end` is 0 while there is no partner."""

    start: int
    end: int = 0
    inner: "list[_Span]" = field(default_factory=list)
    depth: int = 0


def _embedded(text: str) -> Iterator[Any]:
    """Every JSON object or list in a text, outermost first, in time that grows with the text as the text does.

    Brackets are paired in one pass, and pairs alone are parsed: one that is no JSON is taken apart.
    """
    waiting = _pairs(text)
    waiting.reverse()
    while waiting:
        span = waiting.pop()
        try:
            if not span.end or span.depth > _DEEPEST:
                raise NoJson
            value = parsed(text[span.start : span.end])
        except NoJson:
            waiting += reversed(span.inner)
        else:
            yield value


def _pairs(text: str) -> list[_Span]:
    """The outermost brackets; a string hides what is in it only within brackets, where it may be one of JSON."""
    outermost = _Span(-1)
    opened = [outermost]
    at = 0
    while token := _TOKEN.search(text, at):
        sign, outside = token[0], len(opened) == 1
        at = token.start() + 1 if outside else token.end()
        if sign in "{[":
            opened.append(_Span(token.start()))
            opened[-2].inner.append(opened[-1])
        elif sign in _CLOSES and len(opened) > 1 and text[opened[-1].start] == _CLOSES[sign]:
            closed = opened.pop()
            closed.end = token.end()
            closed.depth = 1 + max((span.depth for span in closed.inner), default=0)
    return outermost.inner


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
