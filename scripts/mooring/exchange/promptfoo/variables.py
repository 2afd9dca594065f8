"""`vars` of a test: written in it, or in files."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, is_pattern, matching, referred, text_of
from mooring.exchange.intake import Intake

_PLACE = re.compile(r"\{\{-?\s*(\w+(?:\.\w+)*)\s*-?\}\}")
_MOST = 100
"""Cases that lists of values in one test may become."""


def variables_of(intake: Intake, path: str, given: Any, below: str = "") -> dict[str, Any]:
    """`vars` with the texts of the files they name; what must not be read is left out.

    `vars` that are a file, or several, are relative to `below`; a variable's own file is relative to the config.
    """
    if isinstance(given, str) or (isinstance(given, list) and all(isinstance(each, str) for each in given)):
        given = _from_files(intake, path, [given] if isinstance(given, str) else given, below)
    found: dict[str, Any] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        try:
            found[name] = _read(intake, value) if isinstance(value, str) and value.startswith(FILE) else value
        except Unusable as error:
            intake.leave(f"{path}.{name}", str(error))
    if given is not None and not isinstance(given, dict):
        intake.leave(path, "is no mapping of variables")
    return found


def _from_files(intake: Intake, path: str, references: list[str], below: str) -> dict[str, Any]:
    """What the files hold together; the last one counts."""
    found: dict[str, Any] = {}
    for reference in references:
        try:
            for one in matching(intake.folder, reference, below):
                name, content = referred(intake.folder, one, below)
                data = data_of(name, content)
                if not isinstance(data, dict):
                    raise Unusable(f"{name} holds no variables: not a mapping")
                found |= data
        except Unusable as error:
            intake.leave(path, str(error))
    return found


def _read(intake: Intake, reference: str) -> Any:
    """The text of a file, or the texts of all that a pattern matches."""
    texts = [text_of(referred(intake.folder, one)[1]).strip() for one in matching(intake.folder, reference)]
    return texts if is_pattern(reference) else texts[0]


def combinations(intake: Intake, path: str, found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A list stands for one case for each of its values, as in promptfoo; several lists for all combinations."""
    lists = {name: value for name, value in found.items() if isinstance(value, list)}
    if prod(len(values) for values in lists.values()) > _MOST:
        intake.leave(f"{path}.vars", f"lists of values that are more than {_MOST} cases together")
        return
    for name, values in lists.items():
        if not values:
            intake.leave(f"{path}.vars.{name}", "is a list without values, so there is no case")
    for chosen in product(*lists.values()):
        one = {**found, **dict(zip(lists, chosen, strict=True))}
        yield {name: _filled(intake, f"{path}.vars.{name}", value, one) for name, value in one.items()}


def _filled(intake: Intake, path: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """A value that names other variables, with them in it."""
    if not isinstance(value, str) or "{{" not in value:
        return value
    filled = fill(value, variables)
    if "{{" in filled:
        intake.choose(path, "is a template over more than plain variables; it stays as it is")
    return filled


def fill(text: str, variables: Mapping[str, Any]) -> str:
    """The text with `{{ name }}` and `{{ name.key }}` filled in, where they are known."""

    def known(found: re.Match[str]) -> str:
        value: Any = variables
        for step in found[1].split("."):
            if not isinstance(value, Mapping) or step not in value:
                return found.group()
            value = value[step]
        return str(value)

    return _PLACE.sub(known, text)
