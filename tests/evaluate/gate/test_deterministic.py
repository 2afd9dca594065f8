"""Simulated and recorded evidence has no chance in it, so it needs no statistics."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.verdict import Code, Verdict
from mooring.evaluate.values import Evidence
from tests.evaluate.gate.sample import Rerun, asked, by_name, named, suite

SUITE = suite(cases=named(8))
EVIDENCE = pytest.mark.parametrize("evidence", ["recorded", "simulated"])
marks = st.fixed_dictionaries({case: st.sampled_from("01") for case in named(8)})


def verdict(base: dict[str, str], head: dict[str, str], evidence: Evidence = "simulated", **more: Any) -> Verdict:
    results = asked(SUITE, base, evidence), asked(SUITE, head, evidence, **more)
    rerun = Rerun(*results)
    found = decide(compare(*results, by_name(SUITE)), rerun)
    assert rerun.asked is None, "deterministic evidence is never asked again"
    return found


@EVIDENCE
@settings(deadline=None)
@given(base=marks, head=marks)
def test_it_blocks_exactly_when_a_case_passed_and_fails_now(evidence, base, head) -> None:
    found = verdict(base, head, evidence)
    broke = {case for case in base if (base[case], head[case]) == ("1", "0")}
    assert found.outcome == ("fail" if broke else "pass")
    if broke:
        assert {case for _, case in found.reasons[0].cases} == broke
        assert found.reasons[0].code == Code.BROKE


def test_a_case_that_failed_before_is_shown_and_does_not_block() -> None:
    did = dict.fromkeys(named(8), "1") | {"case-003": "0"}
    found = verdict(did, did)
    assert found.outcome == "pass"
    assert "failing before and after: refunds/case-003" in found.lines


@EVIDENCE
def test_cost_beyond_its_margin_blocks_and_within_does_not(evidence) -> None:
    did = dict.fromkeys(named(8), "1")
    dear = verdict(did, did, evidence, cost=0.013)
    assert (dear.outcome, dear.reasons[0].code) == ("fail", Code.COST)
    assert "rose by 30.0% (25% allowed)" in dear.reasons[0].text
    assert verdict(did, did, evidence, cost=0.0125).outcome == "pass"


@EVIDENCE
def test_latency_is_not_measured_however_long_it_took(evidence) -> None:
    did = dict.fromkeys(named(8), "1")
    found = verdict(did, did, evidence, latency=100.0)
    assert found.outcome == "pass"
    assert f"latency: not measured, the evidence is {evidence}" in found.lines
    assert {one.quantity for one in found.measured} == {"pass rate", "cost"}


def test_no_interval_and_no_p_are_claimed() -> None:
    did = dict.fromkeys(named(8), "1")
    assert all(one.p is None and one.low is None for one in verdict(did, did).measured)
