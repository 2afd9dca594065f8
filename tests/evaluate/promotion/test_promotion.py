"""Which evidence lets a release out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.evaluate.attestation import Attestation, Attestations
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.promotion import admit, attest, due, gaps
from mooring.evaluate.values import Evidence
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from tests.evaluate.gate.sample import asked, by_name, suite

REFUNDS = suite("refunds", ["a", "b"])
STYLE = suite("style", ["kind"], judge={"model": "openai/gpt-4-1"})
ELSEWHERE = suite("elsewhere", ["c"], agent="incident")
SUITES = by_name(REFUNDS, STYLE, ELSEWHERE)

Make = Callable[..., Release]


@pytest.fixture
def release(edit: Callable[[dict[str, Any]], ReleaseContent]) -> Make:
    def make(tier: str = "staging", endpoints: str = "simulated", **evidence: Any) -> Release:
        changes = {"environment.name": tier, "environment.tier": tier, "environment.endpoints": endpoints}
        return Release.of(edit({**changes, "environment.rollout.evidence": evidence}))

    return make


@pytest.fixture
def store(tmp_path: Path) -> Attestations:
    return Attestations(tmp_path)


def found(release: Release, evidence: Evidence = "simulated", refunds: str = "11", **more: Any) -> Attestation:
    """What a whole run found; `refunds` says how both of its cases ended."""
    suites = [REFUNDS] if evidence == "simulated" else [REFUNDS, STYLE]
    did = {"a": refunds[0], "b": refunds[1], "kind": "1"}
    head = asked(suites, did, evidence, release=release.digest, **more)
    return attest(head, None, decide(compare(None, head, by_name(*suites))), None)


def refusal(release: Release, store: Attestations, given: Attestation | None = None) -> Refused:
    with pytest.raises(Refused) as refused:
        admit(release, SUITES, store, given)
    assert refused.value.reason is Reason.NO_EVIDENCE
    return refused.value


def test_a_release_goes_out_on_a_passing_verdict(release: Make, store: Attestations) -> None:
    wanted = found(release())
    store.put(wanted)
    assert admit(release(), SUITES, store) == wanted


def test_without_any_the_refusal_says_what_to_run(release: Make, store: Attestations) -> None:
    refused = refusal(release(), store)
    assert release().digest in str(refused)
    assert refused.fix == "moor eval --environment staging"
    real = refusal(release("production", "real"), store)
    assert real.fix == "moor eval --environment production --evidence live"


def test_development_needs_none_unless_it_says_so(release: Make, store: Attestations) -> None:
    assert admit(release("development"), SUITES, store) is None
    assert admit(release("staging", required=False), SUITES, store) is None
    refusal(release("development", required=True), store)


def test_evidence_about_another_release_counts_for_nothing(release: Make, store: Attestations) -> None:
    store.put(found(release("production")))
    refusal(release(), store)
    assert "it is about" in str(refusal(release(), store, found(release("production"))))


@pytest.mark.parametrize(("refunds", "words"), [("10", "fail"), ("1x", "inconclusive")])
def test_a_verdict_that_is_not_a_pass_keeps_it_in(refunds: str, words: str, release: Make, store: Attestations) -> None:
    store.put(found(release(), refunds=refunds))
    assert f"simulated evidence: it says {words}: 2 cases" in str(refusal(release(), store))


def test_a_suite_that_changed_or_came_since_must_be_asked(release: Make, store: Attestations) -> None:
    store.put(found(release()))
    for other, words in [
        (suite("refunds", ["a", "b"], description="Another."), "suite refunds has changed since"),
        (suite("refunds", ["a", "b", "c"]), "not every case of suite refunds was asked"),
        (suite("orders", ["z"]), "not every case of suite orders was asked"),
    ]:
        with pytest.raises(Refused, match=words):
            admit(release(), SUITES | by_name(other), store)


def test_simulated_evidence_is_none_where_production_calls_real_models(release: Make, store: Attestations) -> None:
    production = release("production", "real")
    store.put(found(production))
    refusal(production, store)
    assert "it is simulated, production takes live or recorded" in str(refusal(production, store, found(production)))
    recorded = found(production, "recorded")
    store.put(recorded)
    assert admit(production, SUITES, store) == recorded


def test_one_good_class_is_enough(release: Make, store: Attestations) -> None:
    store.put(found(release(), "recorded", "10"))
    simulated = found(release())
    store.put(simulated)
    assert admit(release(), SUITES, store) == simulated


def test_judged_suites_are_due_where_judges_are_real(release: Make) -> None:
    assert set(due(SUITES, ["support"], "simulated")) == {"refunds"}
    assert set(due(SUITES, ["support"], "recorded")) == {"refunds", "style"}


def test_what_was_given_has_to_hold_even_where_none_is_needed(release: Make, store: Attestations) -> None:
    development = release("development")
    assert admit(development, SUITES, store, found(development))
    assert "does not hold" in str(refusal(development, store, found(development, refunds="00")))


def test_a_part_of_the_suites_is_no_evidence() -> None:
    whole = asked(REFUNDS, {"a": "1", "b": "1"}, "simulated")
    assert gaps(whole, by_name(REFUNDS)) == []
    assert gaps(asked(REFUNDS, {"a": "1"}, "simulated"), by_name(REFUNDS)) == ["1 of 2 cases of refunds were not asked"]
    assert gaps(whole, by_name(REFUNDS, STYLE)) == ["1 of 1 cases of style were not asked"]
    assert gaps(replace(whole, complete=False), by_name(REFUNDS)) == ["it is partial"]
    assert gaps(whole, {}) == ["no suite asks its agents"]


def test_live_evidence_asks_as_often_as_the_suite_says() -> None:
    assert gaps(asked(REFUNDS, {"a": "11111", "b": "11111"}), by_name(REFUNDS)) == []
    seldom = gaps(asked(REFUNDS, {"a": "11111", "b": "1"}), by_name(REFUNDS))
    assert seldom == ["1 of 2 cases of refunds were not asked 5 times"]


def test_a_second_attempt_says_that_it_is_one(release: Make) -> None:
    first = found(release(), refunds="10")
    head = asked(REFUNDS, {"a": "1", "b": "1"}, "simulated", release=release().digest)
    verdict = decide(compare(None, head, by_name(REFUNDS)))
    assert (first.attempt, attest(head, None, verdict, first).attempt) == (1, 2)
    other = suite("refunds", ["a", "b"], description="Another.")
    assert attest(asked(other, {"a": "1", "b": "1"}, "simulated"), None, verdict, first).attempt == 1
