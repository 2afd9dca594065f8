"""promptfoo's assertions into ours, type by type.

Source: https://www.promptfoo.dev/docs/configuration/expected-outputs/
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from mooring.exchange.files import FILE, Unusable, referred, text_of
from mooring.exchange.intake import Intake
from mooring.spec.assertions import NOT, kind_of, shape_problems
from mooring.spec.suite import Assertion

_CODE = ("javascript", "python", "ruby", "webhook")
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "g-eval": "llm-rubric",
        "model-graded-closedqa": "llm-rubric",
        "answer-relevance": "deepeval:AnswerRelevancy",
        "is-valid-json": "is-json",
    }
)
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "provider": "the suite's `judge` judges every assertion",
        "rubricPrompt": "judges are asked by deepeval's own prompts",
        "config": "the type takes no further settings here",
        "contextTransform": "is code, which is never run",
    }
)


def assertion(intake: Intake, path: str, given: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What one of promptfoo's assertions becomes; nothing when it could not be carried over."""
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
    except Unusable as error:
        intake.leave(f"{path}.value", str(error))
        return []
    intake.leave_rest(path, given, _WHY, {"type", "value", "threshold", "weight", "metric"})
    kept = {key: given[key] for key in ("threshold", "weight", "metric") if key in given}
    made = [{"type": name, **({} if one is None else {"value": one}), **kept} for name, one in _ours(kind, value)]
    return [each for each in made if _fits(intake, path, each)]


def _ours(kind: str, value: Any) -> list[tuple[str, Any]]:
    """(type, value) of one or more assertions that together say the same."""
    plain, turned = kind.removeprefix(NOT), NOT if kind.startswith(NOT) else ""
    if plain in ("contains-any", "contains-all", "icontains-any", "icontains-all") and isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if plain in ("icontains-any", "icontains-all") and isinstance(value, list):
        words = [re.escape(str(each)) for each in value]
        whole = "|".join(words) if plain == "icontains-any" else "".join(f"(?=.*{word})" for word in words)
        return [(f"{turned}regex", f"(?is)(?:{whole})")]
    if plain in ("is-json", "contains-json") and value in ("", {}):
        value = None
    return [(f"{turned}{_ALIASES.get(plain, plain)}", value)]


def _fits(intake: Intake, path: str, made: dict[str, Any]) -> bool:
    """Whether it can be judged here; `made` is brought to our units on the way."""
    kind = kind_of(made["type"])
    if kind is None:
        intake.leave(path, f"the assertion {made['type']} is not known here")
        return False
    limit = made.get("threshold")
    if kind.threshold is None and limit is not None:
        intake.leave(f"{path}.threshold", f"{made['type']} either holds or not")
        del made["threshold"]
    elif kind.threshold == "seconds" and isinstance(limit, int | float):
        made["threshold"] = limit / 1000
        intake.choose(f"{path}.threshold", f"{limit} milliseconds are {limit / 1000:g} seconds here")
    if made["type"].removeprefix(NOT) == "similar":
        intake.choose(path, "similarity is measured without a model here: look at the threshold again")
    try:
        problems = list(shape_problems(Assertion.model_validate(made, by_alias=True, by_name=False)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        problems = [(".".join(map(str, first["loc"])), first["msg"])]
    for place, problem in problems:
        intake.leave(f"{path}.{place}", problem)
    return not problems


def _value(intake: Intake, value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with plain {{ variables }} filled in, as promptfoo does. Raises Unusable for what must not be read."""
    if isinstance(value, list):
        return [_value(intake, each, variables) for each in value]
    if not isinstance(value, str):
        return value
    if value.startswith(FILE):
        return text_of(referred(intake.folder, value)[1])
    if value.startswith(("package:", "exec:")):
        raise Unusable("is code, which is never run")
    filled = _PLACE.sub(lambda found: str(variables.get(found[1], found.group())), value)
    if "{{" in filled or "{%" in filled:
        raise Unusable("is a template over more than the variables of the test")
    return filled
