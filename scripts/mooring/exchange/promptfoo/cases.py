"""`tests` of a promptfoo config into cases."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from mooring.exchange.files import FILE, Unusable, data_of, referred, text_of
from mooring.exchange.intake import Intake, kebab, unique
from mooring.exchange.promptfoo.assertions import assertion
from mooring.exchange.prompts import MESSAGE

_MOST = 100
"""Cases that lists of values in one test may become."""

_WHY = {
    "provider": "an agent has its own model; environments choose another",
    "providers": "an agent has its own model; environments choose another",
    "prompts": "an agent has one prompt",
    "options": "the runtime calls the model and reads its answer; nothing is transformed",
    "metadata": "tags are the only labels of a case",
    "assertScoringFunction": "is code, which is never run",
    "providerOutput": "answers come from the agent",
    "id": "a case has an id of its own",
}


def read_tests(intake: Intake, given: Any, default: Mapping[str, Any], message: str | None) -> list[dict[str, Any]]:
    """Every case with its own id. `default` are the variables of defaultTest."""
    cases: list[dict[str, Any]] = []
    for path, test in _tests(intake, given, "tests"):
        if not isinstance(test, dict):
            intake.leave(path, "is no test")
            continue
        intake.leave_rest(path, test, _WHY, {"description", "vars", "assert", "threshold"})
        for variables in _variables(intake, path, test.get("vars"), default):
            case = _case(intake, path, test, variables, message)
            case["id"] = unique(case["id"], {each["id"] for each in cases})
            cases.append(case)
    return cases


def _tests(intake: Intake, given: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Tests with their paths; files named by the config are read, but files named by those are not."""
    if isinstance(given, str):
        try:
            if depth > 1 or not given.removeprefix(FILE).endswith((".yaml", ".yml", ".json")):
                raise Unusable(f"{given.removeprefix(FILE)} is no YAML or JSON, or is fetched, or is code")
            file, content = referred(intake.folder, given)
            given, path = data_of(file, content), f"{path} ({file})"
        except Unusable as error:
            intake.leave(path, str(error))
            return
    if isinstance(given, dict) and "path" in given:
        intake.leave(path, "tests are made by code, which is never run")
    elif isinstance(given, list):
        for index, item in enumerate(given):
            below = f"{path}.{index}"
            yield from _tests(intake, item, below, depth + 1) if isinstance(item, str) else ((below, item),)
    elif given is not None:
        yield path, given


def variables_of(intake: Intake, path: str, given: Any) -> dict[str, Any]:
    """`vars` with the texts of the files they name; what must not be read is left out."""
    found: dict[str, Any] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        try:
            is_file = isinstance(value, str) and value.startswith(FILE)
            found[name] = text_of(referred(intake.folder, value)[1]) if is_file else value
        except Unusable as error:
            intake.leave(f"{path}.{name}", str(error))
    if isinstance(given, str):
        intake.leave(path, "variables in a file of their own are not read")
    return found


def _variables(intake: Intake, path: str, given: Any, default: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A list stands for one case for each of its values, as in promptfoo; several lists for all combinations."""
    found = {**default, **variables_of(intake, f"{path}.vars", given)}
    lists = {name: value for name, value in found.items() if isinstance(value, list)}
    if prod(len(values) for values in lists.values()) > _MOST:
        intake.leave(f"{path}.vars", f"lists of values that are more than {_MOST} cases together")
        return
    for values in product(*lists.values()):
        yield found | dict(zip(lists, values, strict=True))


def _case(
    intake: Intake, path: str, test: Mapping[str, Any], variables: dict[str, Any], message: str | None
) -> dict[str, Any]:
    said = test.get("description")
    case: dict[str, Any] = {"id": kebab(said or path.split(" ")[0].replace("tests.", "test-"), "test")}
    if isinstance(said, str) and said:
        case["description"] = said
    ours = {MESSAGE if name == message else name: value for name, value in variables.items()}
    if MESSAGE not in ours:
        intake.leave(f"{path}.vars", "no variable is known to be the user's message; name it by --message")
    case["vars"] = ours
    checks = assertions(intake, f"{path}.assert", test.get("assert"), variables)
    if checks:
        case["assert"] = checks
    if isinstance(test.get("threshold"), int | float):
        case["threshold"] = test["threshold"]
    return case


def assertions(intake: Intake, path: str, given: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every assertion of a list that can be judged here; sets of assertions cannot."""
    if given is not None and not isinstance(given, list):
        intake.leave(path, "is no list of assertions")
    listed = given if isinstance(given, list) else []
    return [made for at, each in enumerate(listed) for made in assertion(intake, f"{path}.{at}", each, variables)]
