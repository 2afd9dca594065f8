"""An environment where some providers are real and some are simulated: evidence is of the weakest that answered."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.evaluate.evidence import as_asked, choose
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.promotion import attest
from mooring.evaluate.recordings import read
from mooring.evaluate.values import Results
from mooring.release.release import Release
from mooring.spec import EvalSuite
from mooring.spec.endpoints import Endpoint
from tests.runtime.hosting import listening
from tests.runtime.sample import called_at, sample
from tests.runtime.stub import Reply, Stub

MIXED: dict[str, Endpoint] = {"one": "real", "two": "simulated", "own": "real"}
KEYS = {"PRIMARY_KEY": "k", "SMALL_KEY": "k"}
HELLO = [{"type": "equals", "value": "hello"}]

MakeSuite = Callable[..., EvalSuite]
Evaluate = Callable[..., Results]


@pytest.fixture
def vendor() -> Iterator[Stub]:
    """The real providers' endpoint; the simulator is another server."""
    with listening() as made:
        yield made


@pytest.fixture
def mixed(vendor: Stub) -> Release:
    return called_at(sample(MIXED), vendor.url)


def attested(results: Results, suite: EvalSuite) -> str:
    return attest(results, None, decide(compare(None, results, {suite.name: suite})), None).evidence


def test_what_real_providers_alone_answered_is_live(
    mixed: Release, vendor: Stub, stub: Stub, suite: MakeSuite, evaluate: Evaluate
) -> None:
    asked = suite({"id": "a", "vars": {"message": "hi"}, "assert": HELLO}, repeats=2)
    results = evaluate(asked, release=mixed, evidence="live", environ=KEYS)
    assert [trial.passed for trial in results.trials] == [True, True]
    assert (results.evidence, results.stood_in, results.weakest) == ("live", 0, "live")
    assert attested(results, asked) == "live"
    assert (len(vendor.requests), stub.requests) == (2, [])


def test_once_the_simulator_stood_in_it_is_simulated(
    mixed: Release, vendor: Stub, stub: Stub, suite: MakeSuite, evaluate: Evaluate
) -> None:
    vendor.script("primary-1", Reply("hello"), Reply(status=401))
    asked = suite({"id": "a", "vars": {"message": "hi"}, "assert": HELLO}, repeats=2)
    results = evaluate(asked, release=mixed, evidence="live", environ=KEYS, concurrency=1, workers=1)
    assert [trial.replies[0].rung for trial in results.trials] == ["L0", "L1"]
    assert [trial.replies[0].simulated for trial in results.trials] == [False, True]
    assert (results.evidence, results.stood_in, results.weakest) == ("live", 1, "simulated")
    assert attested(results, asked) == "simulated"
    verdict = decide(compare(None, results, {asked.name: asked}))
    assert verdict.lines[0].endswith("simulated evidence")
    stood_in = "the simulator stood in for a provider in 1 of 2 trials: what was asked live is simulated evidence"
    assert stood_in in verdict.lines
    assert [body["model"] for body in stub.requests] == ["alternate-1"]


def test_what_was_asked_live_is_paid_whoever_answered(
    mixed: Release, vendor: Stub, suite: MakeSuite, evaluate: Evaluate
) -> None:
    vendor.script("primary-1", Reply(status=401))
    results = evaluate(suite("hi", repeats=1), release=mixed, evidence="live", environ=KEYS)
    assert results.weakest == "simulated"
    assert results.trials[0].paid.total == results.trials[0].cost.total


def test_a_simulated_answer_is_never_recorded_as_a_model_s_own(
    mixed: Release, vendor: Stub, stub: Stub, suite: MakeSuite, evaluate: Evaluate, tmp_path: Path
) -> None:
    vendor.script("primary-1", Reply("hello"), Reply(status=401))
    cases = ({"id": f"case-{number}", "vars": {"message": "hi"}, "assert": HELLO} for number in (0, 1))
    asked = suite(*cases, repeats=1)
    evaluate(asked, release=mixed, evidence="live", record=True, environ=KEYS, concurrency=1, workers=1)
    kept = [read(tmp_path / "recordings", asked.name, f"case-{number}") for number in (0, 1)]
    assert sorted(len(each) for each in kept) == [0, 1]
    assert {each.model for found in kept for each in found.values()} == {"primary-1"}
    assert [body["model"] for body in stub.requests] == ["alternate-1"]


@pytest.mark.slow
def test_a_replay_asks_nobody_and_is_recorded(
    mixed: Release, vendor: Stub, stub: Stub, suite: MakeSuite, evaluate: Evaluate
) -> None:
    asked = suite({"id": "a", "vars": {"message": "hi"}, "assert": HELLO}, repeats=1)
    evaluate(asked, release=mixed, evidence="live", record=True, environ=KEYS)
    vendor.requests.clear()
    results = evaluate(asked, release=mixed, evidence="recorded", environ={})
    assert (results.trials[0].passed, results.weakest) == (True, "recorded")
    assert (vendor.requests, stub.requests) == ([], [])


@pytest.mark.parametrize(
    ("endpoints", "asked", "environ", "evidence"),
    [
        (MIXED, None, KEYS, "live"),
        (MIXED, None, {"PRIMARY_KEY": "k"}, "recorded"),
        (MIXED, "simulated", {}, "simulated"),
        (MIXED, "live", KEYS, "live"),
        (dict.fromkeys(MIXED, "simulated"), None, KEYS, "simulated"),
        (dict.fromkeys(MIXED, "real"), None, KEYS, "recorded"),
        ("simulated", None, KEYS, "simulated"),
    ],
)
def test_the_keys_of_real_providers_decide_what_evidence_there_is(
    endpoints: Any, asked: Any, environ: Mapping[str, str], evidence: str
) -> None:
    assert choose(sample(endpoints), asked, False, environ) == evidence


def test_live_evidence_where_all_is_simulated_needs_every_key() -> None:
    for endpoints in ("simulated", "real"):
        with pytest.raises(Refused, match="live evidence needs ALTERNATE_KEY"):
            choose(sample(endpoints), "live", False, KEYS)


@pytest.mark.parametrize(
    ("endpoints", "evidence", "asked"),
    [
        (MIXED, "live", MIXED),
        (MIXED, "recorded", "real"),
        (MIXED, "simulated", "simulated"),
        ("simulated", "live", "real"),
        (dict.fromkeys(MIXED, "simulated"), "live", "real"),
    ],
)
def test_a_release_is_asked_with_the_endpoints_of_its_evidence(endpoints: Any, evidence: Any, asked: Any) -> None:
    assert as_asked(sample(endpoints), evidence).content.environment.endpoints == asked
