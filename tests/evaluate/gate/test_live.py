"""Live evidence: two guards, and three outcomes."""

import dataclasses
from collections.abc import Mapping
from datetime import date

import pytest

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.inference import sign_flip
from mooring.evaluate.gate.live import Rerun as Asks
from mooring.evaluate.gate.verdict import Code, Measured, Verdict
from mooring.spec.suite import EvalSuite
from tests.evaluate.gate.sample import Rerun, asked, by_name, named, suite

SUITE = suite(cases=named(30))
FINE = dict.fromkeys(named(30), "11111")


def verdict(
    base: Mapping[str, str], head: Mapping[str, str], rerun: Asks | None = None, of: EvalSuite = SUITE
) -> Verdict:
    return decide(compare(asked(of, base), asked(of, head), by_name(of)), rerun)


def codes(found: Verdict) -> set[str]:
    return {reason.code for reason in found.reasons}


def rate(found: Verdict) -> Measured:
    return next(one for one in found.measured if one.quantity == "pass rate")


def worse(number: int, did: str) -> dict[str, str]:
    return FINE | dict.fromkeys(named(number), did)


def again(number: int, base: str, head: str) -> Rerun:
    cases = named(number)
    return Rerun(asked(SUITE, dict.fromkeys(cases, base)), asked(SUITE, dict.fromkeys(cases, head)))


def test_the_same_answers_pass() -> None:
    found = verdict(FINE, FINE)
    assert (found.outcome, codes(found)) == ("pass", {Code.NOT_WORSE})


def test_many_cases_a_little_worse_block_without_asking_again() -> None:
    rerun = again(30, "1", "1")
    found = verdict(FINE, worse(15, "11110"), rerun)
    assert (found.outcome, codes(found)) == ("fail", {Code.WORSE})
    assert rate(found).change == pytest.approx(0.1)
    assert rate(found).p == sign_flip([1] * 15) == 2**-15
    assert rerun.asked is None


def test_a_drop_within_the_margin_passes_however_certain_it_is() -> None:
    found = verdict(FINE, worse(7, "11110"))
    assert (rate(found).p or 1) < 0.01
    assert found.outcome == "pass"
    lax = suite(cases=named(30), budget={"passRateDrop": 0.2})
    assert verdict(FINE, worse(15, "11110"), of=lax).outcome == "pass"


def test_a_drop_beyond_the_margin_that_may_be_chance_is_inconclusive_and_says_what_would_resolve_it() -> None:
    flaky = dict.fromkeys(named(12), "11100")
    head = flaky | dict.fromkeys(named(7), "11000") | dict.fromkeys(named(12)[9:], "11110")
    wide = suite(cases=named(12))
    found = verdict(flaky, head, of=wide)
    assert (found.outcome, codes(found)) == ("inconclusive", {Code.UNRESOLVED})
    assert "repeats, or" in found.reasons[0].remedy


def test_an_open_drop_is_asked_again_over_all_cases_of_the_agent_and_judged_by_the_new_answers() -> None:
    flaky = dict.fromkeys(named(12), "11100")
    head = flaky | dict.fromkeys(named(7), "11000") | dict.fromkeys(named(12)[9:], "11110")
    wide = suite(cases=named(12))

    def second(after: str) -> tuple[Verdict, Rerun]:
        did = dict.fromkeys(named(12), "1110011100")
        rerun = Rerun(asked(wide, did), asked(wide, dict.fromkeys(named(12), after)))
        return verdict(flaky, head, rerun, wide), rerun

    fine, rerun = second("1110011100")
    assert rerun.asked == [("refunds", case) for case in named(12)]
    assert fine.outcome == "pass"
    bad, _ = second("1110011000")
    assert (bad.outcome, codes(bad)) == ("fail", {Code.WORSE})
    assert any(one.again for one in bad.measured)


def test_a_broken_case_is_suspect_and_held_until_somebody_asks_again() -> None:
    found = verdict(FINE, worse(1, "00000"))
    assert (found.outcome, codes(found)) == ("inconclusive", {Code.UNCONFIRMED})
    assert found.reasons[0].cases == (("refunds", "case-000"),)
    assert "10 times" in found.reasons[0].remedy


def test_a_broken_case_that_breaks_again_blocks() -> None:
    rerun = again(1, "1" * 10, "0" * 10)
    found = verdict(FINE, worse(1, "00000"), rerun)
    assert rerun.asked == [("refunds", "case-000")]
    assert (found.outcome, codes(found)) == ("fail", {Code.CONFIRMED})
    assert found.confirmations[0].p == pytest.approx(1 / 184756)


def test_a_flaky_case_that_looked_broken_is_cleared_by_its_new_answers() -> None:
    found = verdict(FINE, worse(1, "00111"), again(1, "1" * 10, "1111111110"))
    assert found.outcome == "pass"


def test_a_suspect_that_falls_again_but_may_be_chance_is_inconclusive() -> None:
    found = verdict(FINE, worse(1, "00111"), again(1, "1111111100", "1111000000"))
    assert (found.outcome, codes(found)) == ("inconclusive", {Code.UNRESOLVED})
    assert found.confirmations[0].p == pytest.approx(0.085, abs=0.001)


def test_many_suspects_are_judged_together_so_that_one_is_not_blamed_by_luck() -> None:
    alone = verdict(FINE, worse(1, "00111"), again(1, "1" * 10, "1111110000"))
    assert alone.outcome == "fail"
    held = FINE | dict.fromkeys(named(2), "00111")
    base = asked(SUITE, dict.fromkeys(named(2), "1" * 10))
    head = asked(SUITE, {"case-000": "1111110000", "case-001": "1" * 10})
    together = verdict(FINE, held, Rerun(base, head))
    assert together.outcome == "inconclusive"
    assert together.confirmations[0].p == pytest.approx(2 * (alone.confirmations[0].p or 0))


def test_a_suspect_whose_new_answers_could_not_be_judged_stays_one() -> None:
    found = verdict(FINE, worse(1, "00000"), again(1, "1" * 10, "x" * 10))
    assert found.outcome == "inconclusive"
    assert {Code.UNCONFIRMED, Code.ERRORS} == codes(found)


def test_a_re_run_that_was_cut_off_clears_nobody() -> None:
    did = asked(SUITE, {"case-000": "1"})
    found = verdict(FINE, worse(1, "00000"), Rerun(did, dataclasses.replace(did, complete=False)))
    assert (found.outcome, codes(found)) == ("inconclusive", {Code.INCOMPLETE})


def test_a_critical_failure_or_a_violation_in_the_re_run_blocks_too() -> None:
    vital = suite(cases=[{"id": "case-000"}, {"id": "case-001", "critical": True}])
    did = {"case-000": "11111", "case-001": "11111"}
    leak = asked(vital, {"case-000": "1" * 10}, violated={"case-000": "no-secret"})
    found = verdict(did, did | {"case-000": "00000"}, Rerun(asked(vital, {"case-000": "1" * 10}), leak), vital)
    assert (found.outcome, codes(found)) == ("fail", {Code.POLICY})


def test_cases_of_a_group_stand_or_fall_together() -> None:
    def p(group: str | None) -> float:
        cases = [{"id": case, "group": group} for case in named(8)]
        grouped = suite(cases=[*cases, *named(16)[8:]])
        did = dict.fromkeys(named(16), "11111")
        return rate(verdict(did, did | dict.fromkeys(named(8), "11110"), of=grouped)).p or 0

    assert p(None) == 2**-8
    assert p("one") == 1 / 2


def test_a_suite_that_falls_alone_blocks_though_the_agent_as_a_whole_stays_within_its_margin() -> None:
    small, big = suite("small", [f"s-{n}" for n in range(8)]), suite("big", [f"b-{n}" for n in range(60)])
    did = {case.id: "11111" for one in (small, big) for case in one.tests}
    head = did | {case.id: "11110" for case in small.tests}
    found = decide(compare(asked([small, big], did), asked([small, big], head), by_name(small, big)))
    assert found.outcome == "fail"
    assert [one.scope for one in found.measured if one.beyond] == ["suite small"]


def test_a_case_in_quarantine_is_neither_suspect_nor_counted() -> None:
    held = {"owner": "@tidewater/support", "reason": "A vendor's bug.", "expires": date(2026, 5, 1)}
    resting = suite(cases=[{"id": "case-000", "quarantine": held}, *named(30)[1:]])
    assert verdict(FINE, worse(1, "00000"), of=resting).outcome == "pass"


@pytest.mark.parametrize(("quantity", "code"), [("cost", Code.COST), ("latency", Code.LATENCY)])
def test_cost_and_latency_are_treated_alike(quantity: str, code: Code) -> None:
    def outcome(much: float) -> Verdict:
        head = asked(SUITE, FINE, cost=0.01, latency=1.0)
        scaled = [
            dataclasses.replace(
                trial,
                replies=tuple(
                    dataclasses.replace(
                        reply,
                        cost_usd=reply.cost_usd * (much if quantity == "cost" else 1),
                        latency_seconds=(reply.latency_seconds or 0) * (much if quantity == "latency" else 1),
                    )
                    for reply in trial.replies
                ),
            )
            for trial in head.trials
        ]
        head = dataclasses.replace(head, trials=tuple(scaled))
        return decide(compare(asked(SUITE, FINE), head, by_name(SUITE)))

    assert codes(outcome(1.5)) == {code}
    assert outcome(1.2).outcome == "pass"
    one = next(one for one in outcome(1.5).measured if one.quantity == quantity)
    assert (one.change, one.low, one.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_rise_of_latency_that_nobody_notices_is_none() -> None:
    base, head = asked(SUITE, FINE, latency=0.05), asked(SUITE, FINE, latency=0.14)
    assert decide(compare(base, head, by_name(SUITE))).outcome == "pass"
    slower = asked(SUITE, FINE, latency=0.16)
    assert codes(decide(compare(base, slower, by_name(SUITE)))) == {Code.LATENCY}


def test_latency_beside_a_base_of_another_time_is_not_measured() -> None:
    old = asked(SUITE, FINE, started="2026-04-30T10:00:00+00:00")
    found = decide(compare(old, asked(SUITE, FINE, latency=9.0), by_name(SUITE)))
    assert found.outcome == "pass"
    assert "latency: not measured, the base was asked at another time" in found.lines


def test_cost_without_a_price_is_not_measured() -> None:
    found = decide(compare(asked(SUITE, FINE, cost=0), asked(SUITE, FINE), by_name(SUITE)))
    assert found.outcome == "pass"
    assert "cost: not measured, the base has no price" in found.lines
