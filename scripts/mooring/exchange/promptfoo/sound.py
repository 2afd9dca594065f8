"""What promptfoo lets a test have and a suite may not: variables that no prompt takes, and nothing asserted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mooring.exchange.intake import Draft, Intake
from mooring.exchange.prompts import MESSAGE
from mooring.spec.assertions import decides
from mooring.spec.suite import Assertion


def sound(intake: Intake, default: Mapping[str, Any], cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases that assert something, without variables that the prompts of the file do not take from a request.

    Each that is left out is noted. Variables stay where the file has no prompt: its agent's is not known here.
    """
    inputs = [_inputs(draft) for draft in intake.drafts if draft.kind == "Prompt"]
    if inputs:
        settable = {MESSAGE} | {name for each in inputs for name, schema in each.items() if schema.get("x-untrusted")}
        declared = {name for each in inputs for name in each}
        for case in cases:
            _leave_variables(intake, case, settable, declared)
    found = [case for case in cases if _asserts((*default.get("assert", ()), *case.get("assert", ())))]
    for case in cases:
        if case not in found:
            intake.leave(f"tests ({case['id']})", "asserts nothing that can be judged here, so it is no test")
    return found


def _inputs(draft: Draft) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = draft.data.get("input", {}).get("schema", {}).get("properties", {})
    return properties


def _leave_variables(intake: Intake, case: dict[str, Any], settable: set[str], declared: set[str]) -> None:
    for name in [name for name in case["vars"] if name not in settable]:
        del case["vars"][name]
        if name in declared:
            why = "a system message renders it: write it into the agent's `variables`"
        elif name in ("assert", "threshold"):
            why = "no prompt renders it: it belongs beside `vars`, not below"
        else:
            why = "no prompt renders it"
        intake.leave(f"tests ({case['id']}).vars.{name}", why)


def _asserts(assertions: Iterable[Mapping[str, Any]]) -> bool:
    return any(decides(Assertion.model_validate(each)) for each in assertions)
