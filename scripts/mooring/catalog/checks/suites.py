"""Suites: every case asks and asserts something, and what it asserts can be judged."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.uses import families
from mooring.catalog.jsonschemas import schema_problems
from mooring.catalog.nearest import suggestion
from mooring.catalog.patterns import pattern_problem
from mooring.finding import Finding
from mooring.spec import Agent, EvalSuite, Model, Tool
from mooring.spec.assertions import asks_a_judge, decides, kind_of, named_tools, needs_extras, shape_problems, types
from mooring.spec.suite import APPROVE, Assertion, Case

_CASE_KEYS = frozenset(field.alias or name for name, field in Case.model_fields.items())


def _suites(catalog: Catalog) -> Iterator[tuple[Entry, EvalSuite]]:
    for name, suite in catalog.all(EvalSuite).items():
        yield catalog.of(EvalSuite)[name], suite


def _assertions(suite: EvalSuite) -> Iterator[tuple[str, Assertion]]:
    """Every assertion with its dotted path; those of `defaultTest` as far as they are some."""
    default = _default(suite)
    if isinstance(default, Case):
        yield from _in_case(default, "defaultTest")
    for index, case in enumerate(suite.tests):
        yield from _in_case(case, f"tests.{index}")


def _in_case(case: Case, path: str) -> Iterator[tuple[str, Assertion]]:
    for index, assertion in enumerate(case.assertions):
        yield f"{path}.assert.{index}", assertion
    for number, turn in enumerate(case.turns):
        for index, assertion in enumerate(turn.assertions):
            yield f"{path}.turns.{number}.assert.{index}", assertion


def _default(suite: EvalSuite) -> Case | ValidationError:
    """`defaultTest` as a case, whose id it lacks."""
    try:
        return Case.model_validate({**suite.default_test, "id": "default"}, by_alias=True, by_name=False)
    except ValidationError as error:
        return error


def agent(catalog: Catalog) -> Remarks:
    known = [name for kind, name in (*catalog.entries, *catalog.broken) if kind == Agent.__name__]
    for entry, suite in _suites(catalog):
        if suite.agent not in known:
            yield Remark(entry, "agent", f"there is no Agent {suite.agent!r}{suggestion(suite.agent, known)}")


def judge_model(catalog: Catalog) -> Remarks:
    known = [name for kind, name in (*catalog.entries, *catalog.broken) if kind == Model.__name__]
    for entry, suite in _suites(catalog):
        if suite.judge and suite.judge.model not in known:
            message = f"there is no Model {suite.judge.model!r}{suggestion(suite.judge.model, known)}"
            yield Remark(entry, "judge.model", message)


def judge_missing(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite) if suite.judge is None else ():
            if asks_a_judge(assertion):
                yield Remark(entry, f"{path}.type", f"`{assertion.type}` asks a judge, and the suite names none")


def duplicate_id(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        seen: dict[str, int] = {}
        for index, case in enumerate(suite.tests):
            if case.id in seen:
                message = f"test {seen[case.id] + 1} has the id {case.id!r} too: results could not be told apart"
                yield Remark(entry, f"tests.{index}.id", message)
            seen.setdefault(case.id, index)


def default_test(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        default = _default(suite)
        if isinstance(default, ValidationError):
            for detail in default.errors(include_url=False, include_input=False):
                path = ".".join(map(str, ("defaultTest", *detail["loc"])))
                yield Remark(entry, path, f"is nothing a test can start from: {detail['msg']}")
        for key in ("id", "turns"):
            if key in suite.default_test:
                yield Remark(entry, f"defaultTest.{key}", f"every test has its own `{key}`")


def asks(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for index, case in enumerate(suite.tests):
            message = case.vars.get("message")
            if bool(case.turns) == ("message" in case.vars):
                what = "both `vars.message` and `turns`" if case.turns else "neither `vars.message` nor `turns`"
                yield Remark(entry, f"tests.{index}", f"the test {case.id!r} has {what}")
            elif not case.turns and not (isinstance(message, str) and message.strip()):
                yield Remark(entry, f"tests.{index}.vars.message", "a message is text, and not empty")


def asserts(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        default = _default(suite)
        common = default.assertions if isinstance(default, Case) else ()
        for index, case in enumerate(suite.tests):
            found = [*common, *(assertion for _, assertion in _in_case(case, ""))]
            if not any(map(decides, found)):
                message = f"the test {case.id!r} asserts nothing that every class of evidence can judge"
                yield Remark(entry, f"tests.{index}", message)


def variables(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        document = catalog.get(Agent, suite.agent)
        family = families(catalog).get(document.prompt) if document else None
        if document is None or family is None:
            continue
        settable = {"message", APPROVE} | (family.untrusted() - document.variables.keys())
        for path, name in _variables(suite):
            if name not in settable:
                yield Remark(entry, path, _no_variable(name, settable, family.properties))


def _no_variable(name: str, settable: set[str], properties: Mapping[str, Any]) -> str:
    """Why `vars` cannot hold the name. The runtime would leave it out, and the test would not be what it seems."""
    if name in _CASE_KEYS:
        return f"{name!r} is a key of the test, not a variable: indent it like `vars`"
    if name in properties:
        return f"the agent says {name!r} itself; a test sets what a request may set: `message` and x-untrusted inputs"
    return f"the agent's prompt has no input {name!r}{suggestion(name, settable)}"


def _variables(suite: EvalSuite) -> Iterator[tuple[str, str]]:
    """The dotted path and the name of each of `vars`."""
    given = [("defaultTest", suite.default_test.get("vars", {}))]
    given += [(f"tests.{index}", case.vars) for index, case in enumerate(suite.tests)]
    for path, names in given:
        yield from ((f"{path}.vars.{name}", name) for name in (names if isinstance(names, dict) else ()))


def smoke(catalog: Catalog) -> Remarks:
    """A rollout judges by itself, within its deadline and with what is always installed, and approves nothing."""
    for entry, suite in _suites(catalog):
        if not suite.smoke:
            continue
        if suite.judge:
            yield Remark(entry, "judge", "a rollout asks no judge")
        for path, assertion in _assertions(suite):
            if needs_extras(assertion) and not asks_a_judge(assertion):
                yield Remark(entry, f"{path}.type", f"`{assertion.type}` needs what only `moor eval` installs")
        for path, name in _variables(suite):
            if name == APPROVE:
                yield Remark(entry, path, "a rollout approves and denies nothing")


def assertion_type(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite):
            if kind_of(assertion.type) is None:
                plain = kind_of(assertion.type.removeprefix("not-"))
                why = "cannot be turned round" if plain else f"is not known{suggestion(assertion.type, types())}"
                yield Remark(entry, f"{path}.type", f"the assertion {assertion.type!r} {why}")


def assertion_shape(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite):
            for place, problem in shape_problems(assertion):
                yield Remark(entry, f"{path}.{place}", problem)


def assertion_pattern(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite):
            for place, pattern in _patterns(assertion):
                if isinstance(pattern, str) and (problem := pattern_problem(pattern)):
                    yield Remark(entry, f"{path}.{place}", f"the pattern {problem}")


def _patterns(assertion: Assertion) -> Iterator[tuple[str, Any]]:
    if assertion.type.removeprefix("not-") == "regex":
        yield "value", assertion.value
    elif assertion.type == "no-secret" and isinstance(assertion.value, list):
        yield from ((f"value.{index}", pattern) for index, pattern in enumerate(assertion.value))


def assertion_schema(catalog: Catalog) -> Remarks:
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite):
            plain = assertion.type.removeprefix("not-")
            if plain in ("is-json", "contains-json", "json-schema") and isinstance(assertion.value, dict):
                for _, place, problem in schema_problems(assertion.value):
                    yield Remark(entry, f"{path}.value.{place}" if place else f"{path}.value", problem)


def assertion_tool(catalog: Catalog) -> Remarks:
    if any(kind == Tool.__name__ for kind, _ in catalog.broken):
        return
    exported = {name: tool.exported for name, tool in catalog.all(Tool).items()}
    for entry, suite in _suites(catalog):
        for path, assertion in _assertions(suite):
            for name in named_tools(assertion):
                if name not in exported.values():
                    known = f"; models know it as {exported[name]!r}" if name in exported else ""
                    near = known or suggestion(name, exported.values())
                    yield Remark(entry, f"{path}.value", f"no tool is named {name!r}{near}")


def expired(catalog: Catalog, today: date) -> list[Finding]:
    """Quarantines that are over. Depends on the day, so only `moor validate` asks: it must not stop a deployment."""
    found = []
    for entry, suite in _suites(catalog):
        for index, case in enumerate(suite.tests):
            if case.quarantine and case.quarantine.expires < today:
                path = f"tests.{index}.quarantine.expires"
                message = f"the quarantine of {case.id!r} ended on {case.quarantine.expires}; it blocks again"
                fix = "correct the test or the agent, or extend the quarantine with a reason"
                found.append(Finding(entry.file, entry.lines.at(path), path, message, "suite-quarantine-expired", fix))
    return found
