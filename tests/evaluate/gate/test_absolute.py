"""What blocks or holds with a base and without one, whatever the evidence."""

from datetime import date

import pytest

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.tally import POLICIES
from mooring.evaluate.gate.verdict import OUTCOMES, Code, Verdict
from mooring.evaluate.values import Results
from mooring.spec.suite import EvalSuite
from tests.evaluate.gate.sample import Rerun, asked, by_name, named, suite

QUARANTINE = {"owner": "@tidewater/support", "reason": "A vendor's bug.", "expires": date(2026, 5, 1)}
KINDS = pytest.mark.parametrize("evidence", ["live", "recorded", "simulated"])
SUITE = suite(cases=["a", {"id": "vital", "critical": True}])


def verdict(head: Results, base: Results | None = None, of: EvalSuite = SUITE) -> Verdict:
    return decide(compare(base, head, by_name(of)))


def codes(found: Verdict) -> set[str]:
    return {reason.code for reason in found.reasons}


@KINDS
def test_a_single_failure_of_a_critical_case_blocks_even_when_the_base_failed_too(evidence) -> None:
    did = {"a": "11111", "vital": "11110"}
    found = verdict(asked(SUITE, did, evidence), asked(SUITE, did, evidence))
    assert found.outcome == "fail"
    assert codes(found) == {Code.CRITICAL}
    assert found.reasons[0].cases == (("refunds", "vital"),)


@KINDS
@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_violated_policy_blocks_in_any_case_judged_or_not(evidence, policy: str) -> None:
    did = {"a": "x" if evidence == "live" else "1", "vital": "1" * 20}
    found = verdict(asked(SUITE, did, evidence, violated={"a": policy}), asked(SUITE, did, evidence))
    assert found.outcome == "fail"
    assert Code.POLICY in codes(found)
    assert policy in found.reasons[0].text


def test_policies_are_those_with_zero_tolerance() -> None:
    assert {"tool-policy", "no-secret", "no-untrusted-echo"} == POLICIES


@KINDS
def test_a_quarantine_does_not_excuse_a_critical_case(evidence) -> None:
    held = suite(cases=["a", {"id": "vital", "critical": True, "quarantine": QUARANTINE}])
    assert codes(verdict(asked(held, {"a": "1", "vital": "0"}, evidence), of=held)) == {Code.CRITICAL}


@KINDS
def test_a_critical_case_that_is_new_and_fails_is_named_for_one_reason(evidence) -> None:
    found = decide(compare(None, asked(SUITE, {"a": "1", "vital": "0"}, evidence), by_name(SUITE)))
    assert codes(found) == {Code.CRITICAL}


@KINDS
def test_nothing_asked_is_a_failure(evidence) -> None:
    found = verdict(asked(SUITE, {}, evidence))
    assert found.outcome == "fail"
    assert Code.EMPTY in codes(found)


@KINDS
def test_nothing_asked_because_the_run_was_cut_off_says_nothing_about_the_change(evidence) -> None:
    assert verdict(asked(SUITE, {}, evidence, complete=False)).outcome == "inconclusive"


def test_a_suite_of_which_nothing_was_asked_is_a_failure_too_and_open_when_the_run_was_cut_off() -> None:
    both = by_name(SUITE, suite("orders", ["c"]))
    whole = asked(SUITE, {"a": "1", "vital": "1"}, "simulated")
    part = asked(SUITE, {"a": "1", "vital": "1"}, "simulated", complete=False)
    assert decide(compare(None, whole, both)).outcome == "fail"
    assert decide(compare(None, part, both)).outcome == "inconclusive"


def test_only_cases_in_quarantine_are_nothing_too() -> None:
    held = suite(cases=[{"id": "a", "quarantine": QUARANTINE}])
    assert codes(verdict(asked(held, {"a": "1"}, "simulated"), of=held)) == {Code.EMPTY}


@KINDS
def test_a_case_in_quarantine_may_fail_and_is_shown_with_its_owner(evidence) -> None:
    held = suite(cases=[{"id": "a", "quarantine": QUARANTINE}, "b"])
    did = {"a": "11111", "b": "11111"}
    found = verdict(asked(held, did | {"a": "00000"}, evidence), asked(held, did, evidence), held)
    assert found.outcome == "pass"
    assert any("@tidewater/support" in line and "refunds/a" in line for line in found.lines)


@KINDS
@pytest.mark.parametrize("side", ["base", "head"])
def test_a_partial_run_of_either_side_is_never_a_pass(evidence, side: str) -> None:
    did = {"a": "11111", "vital": "11111"}
    base = asked(SUITE, did, evidence, complete=side != "base")
    found = verdict(asked(SUITE, did, evidence, complete=side != "head"), base)
    assert found.outcome == "inconclusive"
    assert codes(found) == {Code.INCOMPLETE}


def test_a_case_that_a_partial_base_was_not_asked_is_not_called_new_and_failing() -> None:
    base = asked(SUITE, {"vital": "1"}, "simulated", complete=False)
    assert verdict(asked(SUITE, {"a": "0", "vital": "1"}, "simulated"), base).outcome == "inconclusive"


@pytest.mark.parametrize(("errors", "outcome"), [(0, "pass"), (1, "pass"), (5, "pass"), (6, "inconclusive")])
def test_live_errors_are_within_a_budget_or_hold_and_never_count_as_failures(errors: int, outcome: str) -> None:
    many = suite(cases=named(20))
    did = dict.fromkeys(named(20), "11111")
    bad = did | dict.fromkeys(named(errors), "1111x")
    for base, head in ((did, bad), (bad, did)):
        found = verdict(asked(many, head), asked(many, base), many)
        assert found.outcome == outcome
        assert all(one.change == 0 for one in found.measured)


@pytest.mark.parametrize("evidence", ["recorded", "simulated"])
def test_deterministic_evidence_has_no_budget_for_errors(evidence) -> None:
    many = suite(cases=named(50))
    did = dict.fromkeys(named(50), "1")
    found = verdict(asked(many, did | {"case-000": "x"}, evidence), asked(many, did, evidence), many)
    assert codes(found) == {Code.ERRORS}


def test_everything_dead_is_inconclusive_and_not_a_rate_of_zero() -> None:
    found = verdict(asked(SUITE, {"a": "xxxxx", "vital": "xxxxx"}), asked(SUITE, {"a": "11111", "vital": "11111"}))
    assert found.outcome == "inconclusive"
    assert not found.measured


def test_a_critical_case_that_was_never_judged_holds_within_the_budget_too() -> None:
    vital = suite(cases=[*named(60), {"id": "vital", "critical": True}])
    did = dict.fromkeys(named(60), "11111")
    found = verdict(asked(vital, did | {"vital": "xx"}), asked(vital, did | {"vital": "11111"}), vital)
    assert codes(found) == {Code.ERRORS}


def test_without_a_base_only_absolute_rules_hold_and_that_is_said() -> None:
    found = verdict(asked(SUITE, {"a": "10110", "vital": "11111"}))
    assert (found.outcome, codes(found)) == ("pass", {Code.NO_BASE})
    assert "no base: only what holds without one was looked at" in found.lines


def test_a_base_without_such_a_suite_says_so_and_the_absolute_rules_hold() -> None:
    new = suite("orders", ["c"])
    did = {"a": "1", "vital": "1", "c": "1"}
    base, both = asked(SUITE, did, "simulated"), by_name(SUITE, new)
    found = decide(compare(base, asked([SUITE, new], did, "simulated"), both))
    assert found.outcome == "pass"
    assert any(line.startswith("orders: the base has no such suite") for line in found.lines)
    assert decide(compare(base, asked([SUITE, new], did | {"c": "0"}, "simulated"), both)).outcome == "fail"


@pytest.mark.parametrize(
    ("did", "code"),
    [("00000", Code.NEVER_PASSED), ("000", Code.FEW_REPEATS), ("0", Code.FEW_REPEATS), ("00001", Code.NO_BASE)],
)
def test_a_new_live_case_fails_when_it_certainly_passes_less_than_every_other_time(did: str, code: Code) -> None:
    assert codes(verdict(asked(SUITE, {"a": did, "vital": "1"}))) == {code}


def test_a_new_deterministic_case_must_pass() -> None:
    assert codes(verdict(asked(SUITE, {"a": "0", "vital": "1"}, "simulated"))) == {Code.NEVER_PASSED}


@KINDS
def test_what_cannot_be_compared_is_inconclusive_with_what_would_resolve_it(evidence) -> None:
    did = {"a": "00000", "vital": "11111"}
    found = verdict(asked(SUITE, did, evidence), asked(SUITE, did, evidence, environment="production"))
    assert (found.outcome, codes(found)) == ("inconclusive", {Code.NOT_COMPARABLE})
    assert "moor eval --against" in found.reasons[0].remedy


def test_what_blocks_already_is_not_asked_again() -> None:
    base = asked(SUITE, {"a": "11111", "vital": "11111"})
    head = asked(SUITE, {"a": "00000", "vital": "0"})
    rerun = Rerun(base, head)
    assert decide(compare(base, head, by_name(SUITE)), rerun).outcome == "fail"
    assert rerun.asked is None


def test_every_code_has_one_outcome_and_options_have_sane_defaults() -> None:
    assert set(OUTCOMES) == set(Code)
    assert set(OUTCOMES.values()) == {"pass", "fail", "inconclusive"}
    assert Options().alpha == Options().error_budget == 0.05
