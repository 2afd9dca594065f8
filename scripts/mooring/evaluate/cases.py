"""What a suite asks: its cases with the suite's defaults written in, and the digest that names its content."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.release.canonical import canonical, digest
from mooring.spec.suite import Assertion, Case, EvalSuite, Turn


def cases(suite: EvalSuite) -> tuple[Case, ...]:
    """The suite's cases, each starting from `defaultTest`: `vars` are merged and `assert` lists joined.

    FindingsError when a case with the defaults in it is no case.
    """
    if not suite.default_test:
        return suite.tests
    findings: list[Finding] = []
    found = [_merged(suite, case, findings) for case in suite.tests]
    if findings:
        raise FindingsError(findings)
    return tuple(case for case in found if case)


def _merged(suite: EvalSuite, case: Case, findings: list[Finding]) -> Case | None:
    default, own = suite.default_test, case.model_dump(mode="json", by_alias=True, exclude_unset=True)
    both: dict[str, Any] = {**default, **own}
    both["vars"] = {**default.get("vars", {}), **own.get("vars", {})}
    both["assert"] = [*default.get("assert", []), *own.get("assert", [])]
    try:
        return Case.model_validate(both)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        findings.append(Finding(f"evals/suites/{suite.name}.yaml", 0, f"defaultTest.{place}", first["msg"], "suite"))
        return None


def turns(case: Case) -> tuple[Turn, ...]:
    """The messages of a case: its `turns`, or the one in `vars.message`."""
    return case.turns or (Turn(message=str(case.vars.get("message", " ")), answer=case.answer),)


def answered(case: Case) -> bool:
    """Whether the case itself says what a simulated model answers, to one of its messages at least."""
    return any(turn.answer for turn in turns(case))


def question(case: Case) -> Case:
    """The case without the answers that stand in it: what is asked and asserted."""
    bare = tuple(turn.model_copy(update={"answer": None}) for turn in case.turns)
    return case.model_copy(update={"answer": None, "turns": bare})


def assertions(case: Case) -> Iterator[Assertion]:
    """Those of its turns, and those of the whole."""
    for turn in case.turns:
        yield from turn.assertions
    yield from case.assertions


def suite_digest(suite: EvalSuite) -> str:
    """Names what a suite says: results of two digests are not of the same questions."""
    return digest(canonical(suite.model_dump(mode="json")))
