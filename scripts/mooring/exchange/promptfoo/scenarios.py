"""`scenarios`: every test with every set of data.

Source: https://www.promptfoo.dev/docs/configuration/scenarios/
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mooring.exchange.intake import Intake
from mooring.exchange.promptfoo.sources import Found, read_tests
from mooring.exchange.promptfoo.variables import variables_of


def scenarios(intake: Intake, given: Any) -> Iterator[Found]:
    """Tests of all scenarios, in promptfoo's order: the tests of the first data, then those of the second."""
    for scenario in read_tests(intake, given, "scenarios"):
        if not isinstance(scenario.test, dict):
            scenario.intake.leave(scenario.path, "is no scenario")
            continue
        keys = {"description", "config", "tests"}
        scenario.intake.leave_rest(scenario.path, scenario.test, {}, keys)
        yield from _crossed(scenario)


def _crossed(scenario: Found) -> Iterator[Found]:
    intake, below = scenario.intake, f"{scenario.path}." if scenario.path else ""
    # files are relative to the config, whoever names them
    data = list(read_tests(intake, _unfolded(scenario.test.get("config")), f"{below}config"))
    asked = list(read_tests(intake, scenario.test.get("tests", [{}]), f"{below}tests"))
    if not data:
        intake.leave(f"{below}config", "there are no data, so nothing is tested")
    for one in data:
        yield from (merged for test in asked if (merged := _merged(one, test)))


def _unfolded(config: Any) -> Any:
    """`config` with `{$values: file}` and `{$expand: file}` as the files' names alone."""
    if not isinstance(config, list):
        return config
    return [next(iter(one.values())) if isinstance(one, dict) and set(one) in _NAMED else one for one in config]


_NAMED = ({"$values"}, {"$expand"})


def _merged(data: Found, test: Found) -> Found | None:
    """The test with the data in it; what both say is the test's, and assertions of both hold."""
    for found in (data, test):
        if not isinstance(found.test, dict):
            found.intake.leave(found.path, "is no mapping")
            return None
    variables = {
        **variables_of(data.intake, f"{data.path}.vars", data.test.get("vars"), data.below),
        **variables_of(test.intake, f"{test.path}.vars", test.test.get("vars"), test.below),
    }
    asserted = [*data.listed(), *test.listed()]
    both = {**data.test, **test.test, "vars": variables, "assert": [one for _, _, one in asserted]}
    return replace(test, test=both, places=tuple((intake, path) for intake, path, _ in asserted))
