"""promptfoo's assertions into ours: lists, sets and single ones.

Source: https://www.promptfoo.dev/docs/configuration/expected-outputs/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from mooring.catalog.jsonschemas import schema_problems
from mooring.catalog.patterns import pattern_problem
from mooring.exchange.files import FILE, Unusable, data_of, referred, text_of
from mooring.exchange.intake import Intake
from mooring.exchange.promptfoo.translation import translated
from mooring.exchange.promptfoo.variables import fill
from mooring.spec.assertions import NOT, kind_of, shape_problems
from mooring.spec.suite import Assertion

SET = "assert-set"
_CODE = ("javascript", "python", "ruby", "webhook")
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "provider": "the suite's `judge` judges every assertion",
        "rubricPrompt": "judges are asked by deepeval's own prompts",
        "options": "judges are asked by deepeval's own prompts, and their scores are deepeval's",
        "config": "the type takes no further settings here",
        "contextTransform": "is code, which is never run",
    }
)

Listed = Iterable[tuple[Intake, str, Any]]
"""Assertions of promptfoo, each with the intake that is within its file, and its path there."""


@dataclass(slots=True)
class Checks:
    """What assertions became; `shares` are sets of which a share must hold."""

    every: list[dict[str, Any]] = field(default_factory=list)
    shares: list["Share"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Share:
    """A set of assertions, and the weighted mean of their scores that is asked for, 0 to 1."""

    intake: Intake
    path: str
    least: float
    every: list[dict[str, Any]]


def checks(listed: Listed, variables: Mapping[str, Any], weighed: bool = False) -> Checks:
    """Every assertion that can be judged here. With `weighed` the mean score of a test decides, not that of a set."""
    made = Checks()
    for intake, path, given in listed:
        if isinstance(given, dict) and given.get("type") == SET:
            _set(intake, path, given, variables, weighed, made)
        else:
            made.every += _single(intake, path, given, variables)
    return made


def _set(
    intake: Intake, path: str, given: Mapping[str, Any], variables: Mapping[str, Any], weighed: bool, made: Checks
) -> None:
    """Adds a set's assertions: with its weight divided among them, or apart when only a share of them must hold."""
    inner = given.get("assert")
    if not isinstance(inner, list) or not inner:
        return intake.leave(path, "is a set without assertions")
    intake.leave_rest(path, given, _WHY, {"type", "assert", "threshold", "weight", "metric"})
    found = [_single(intake, f"{path}.assert.{at}", one, variables) for at, one in enumerate(inner)]
    each = [item for several in found for item in several]
    share, weight = given.get("threshold"), given.get("weight", 1)
    if isinstance(share, int | float) and not weighed and not all(found):
        return intake.leave(path, "a share of its assertions must hold, and not all of them could be carried over")
    if "metric" in given:
        each = [{"metric": given["metric"], **item} for item in each]
    if isinstance(share, int | float) and not weighed and weight != 0:
        made.shares.append(Share(intake, path, float(share), each))
        return None
    total = sum(item.get("weight", 1) for item in each)
    if weight != 1 or weighed:
        each = (
            [{**item, "weight": round(item.get("weight", 1) * weight / total, 6)} for item in each] if total else each
        )
    made.every += each
    return None


def _single(intake: Intake, path: str, given: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What one assertion becomes; nothing when it could not be carried over."""
    if not isinstance(given, dict) or not isinstance(given.get("type"), str):
        intake.leave(path, "is no assertion with a type")
        return []
    kind = given["type"]
    if kind.removeprefix(NOT) in _CODE:
        intake.leave(path, f"{kind} is code, which is never run")
        return []
    if "transform" in given:
        intake.leave(path, "judges what code (`transform`) makes of the answer; code is never run")
        return []
    try:
        value = _value(intake, given.get("value"), variables)
        metric = {"metric": _filled(given["metric"], variables)} if isinstance(given.get("metric"), str) else {}
        kept = {key: given[key] for key in ("threshold", "weight") if given.get(key) is not None}
        made = list(translated(intake, path, {**kept, **metric, "type": kind, "value": value}, variables))
    except Unusable as error:
        intake.leave(f"{path}.value", str(error))
        return []
    intake.leave_rest(path, given, _WHY, {"type", "value", "threshold", "weight", "metric"})
    return [each for each in made if _fits(intake, path, each)]


def _fits(intake: Intake, path: str, made: dict[str, Any]) -> bool:
    """Whether it can be judged here; a threshold that means nothing is taken away."""
    kind = kind_of(made["type"])
    if kind is None:
        plain = kind_of(made["type"].removeprefix(NOT))
        intake.leave(path, f"the assertion {made['type']} {'cannot be turned round' if plain else 'is not known'} here")
        return False
    if kind.threshold is None and "threshold" in made:
        intake.leave(f"{path}.threshold", f"{made['type']} either holds or not")
        del made["threshold"]
    try:
        problems = list(shape_problems(Assertion.model_validate(made, by_alias=True, by_name=False)))
        problems += () if problems else _value_problems(made["type"].removeprefix(NOT), made.get("value"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        problems = [(".".join(map(str, first["loc"])), first["msg"])]
    for place, problem in problems:
        intake.leave(f"{path}.{place}", problem)
    return not problems


def _value_problems(type_: str, value: Any) -> Iterator[tuple[str, str]]:
    """What `moor validate` says of a pattern or a schema."""
    if type_ == "regex" and (problem := pattern_problem(value)):
        yield "value", f"the pattern {problem}"
    if type_ in ("is-json", "contains-json") and value:
        yield from ((f"value.{place}".rstrip("."), problem) for _, place, problem in schema_problems(value))


def _value(intake: Intake, value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with {{ variables }} filled in, as promptfoo does. Raises Unusable for what must not be read."""
    if isinstance(value, list):
        return [_value(intake, each, variables) for each in value]
    if not isinstance(value, str):
        return value
    if value.startswith(("package:", "exec:")):
        raise Unusable("is code, which is never run")
    if value.startswith(FILE):
        name, content = referred(intake.folder, value)
        data = PurePath(name).suffix.lower() in (".json", ".yaml", ".yml")
        return data_of(name, content) if data else text_of(content).strip()
    return _filled(value, variables)


def _filled(text: str, variables: Mapping[str, Any]) -> str:
    filled = fill(text, variables)
    if "{{" in filled or "{%" in filled:
        raise Unusable("is a template over more than the variables of the test")
    return filled
