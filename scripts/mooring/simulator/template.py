"""Templates and tests of rules: Jinja2 in its immutable sandbox."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment


def _saying(value: object, pattern: str) -> bool:
    """Whether the JSON text of a value has a match: `order is saying "not found"`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return re.search(pattern, text, re.IGNORECASE) is not None


_TEXTS = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_TESTS = ImmutableSandboxedEnvironment(undefined=ChainableUndefined)
_VALUES = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
for _environment in (_TEXTS, _TESTS, _VALUES):
    _environment.tests["saying"] = _saying


@cache
def _parsed(text: str) -> nodes.Template:
    return _TEXTS.parse(text)


def is_template(text: str) -> str:
    """The text itself; ValueError when Jinja2 cannot read it."""
    if "{" not in text:
        return text
    try:
        _parsed(text)
    except TemplateError as error:
        raise ValueError(f"no template: {error}") from None
    return text


def is_expression(text: str) -> str:
    """The text itself; ValueError when Jinja2 cannot read it as an expression."""
    is_template("{{ " + text + " }}")
    return text


def names(text: str) -> set[str]:
    """Variables that a template needs: names it reads and does not set."""
    found = list(_parsed(text).find_all(nodes.Name))
    given = {name.name for name in found if name.ctx != "load"} | _TEXTS.globals.keys()
    return {name.name for name in found if name.ctx == "load"} - given


def render(text: str, variables: Mapping[str, Any]) -> str:
    """The text with its variables written in; UndefinedError when one is not there."""
    rendered: str = _template(text).render(variables)
    return rendered.strip()


def holds(expression: str, variables: Mapping[str, Any]) -> bool:
    """Whether a test holds; a test about a value that is not there, or of another type, does not."""
    return bool(value(expression, variables))


def value(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression; None where a value it needs is not there, or of another type."""
    try:
        return _test(expression)(**variables)
    except (UndefinedError, TypeError):
        return None


def strict_value(expression: str, variables: Mapping[str, Any]) -> Any:
    """The value of an expression. Raises jinja2.TemplateError, TypeError or what its operators raise."""
    return _value(expression)(**variables)


@cache
def _value(expression: str) -> Any:
    return _VALUES.compile_expression(expression, undefined_to_none=False)


@cache
def _template(text: str) -> Any:
    return _TEXTS.from_string(text)


@cache
def _test(expression: str) -> Any:
    return _TESTS.compile_expression(expression)
