"""`moor drift --behaviour` with real processes, and a stub model that answers worse one day without saying so."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.repository import Repo, copied, up
from tests.vendor import KEYS, Vendor, go_out, vendor

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stub() -> Iterator[Vendor]:
    with vendor() as server:
        yield server


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, stub: Vendor) -> Iterator[Repo]:
    """An environment that went out on live evidence of the vendor."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        repo = copied(tmp_path_factory.mktemp("asked"))
        go_out(repo, stub)
        with up(repo) as found:
            yield found


@pytest.fixture
def look(asked: Repo, stub: Vendor, moor: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    stub.worse = stub.refuses = False
    return lambda *more: moor("-C", asked.root, "drift", "local", "--behaviour", *more)


def test_the_same_model_answers_no_worse(look: Any) -> None:
    told = look("--json")
    assert (told.code, told.json["reason"], told.json["drifted"]) == (0, "in-sync", False)
    assert told.json["then"]["trials"] == told.json["now"]["trials"] == 10
    assert told.json["spent_usd"] > 0


def test_a_model_that_silently_answers_worse_is_caught_with_its_case_and_its_fingerprint(
    look: Any, stub: Vendor
) -> None:
    stub.worse = True
    told = look("--json")
    assert (told.code, told.json["reason"], told.json["drifted"]) == (1, "drifted", True)
    assert told.json["worse"] == ["support/colours/sky"]
    assert told.json["models"] == {"then": ["gpt-4.1-2025-04-14 fp_old"], "now": ["gpt-4.1-2025-04-14 fp_new"]}
    assert (told.json["then"]["pass_rate"], told.json["now"]["pass_rate"]) == (1.0, 0.5)
    shown = look().out
    assert "worse: support/colours/sky" in shown
    assert "answered then by gpt-4.1-2025-04-14 fp_old, now by gpt-4.1-2025-04-14 fp_new" in shown


def test_more_refusals_are_drift_although_every_assertion_holds(look: Any, stub: Vendor) -> None:
    stub.refuses = True
    told = look("--json").json
    assert (told["now"]["pass_rate"], told["refuses_more"], told["drifted"]) == (1.0, True, True)


def test_a_budget_that_does_not_reach_is_no_success(look: Any) -> None:
    told = look("--budget", "0.000001", "--json")
    assert (told.code, told.json["reason"], told.json["complete"]) == (1, "inconclusive", False)
    assert told.json["now"]["trials"] == 0


def test_without_evidence_about_what_runs_nothing_is_compared(look: Any, asked: Repo, moor: Any) -> None:
    at = ("-C", asked.root)
    fix = ("model/openai/gpt-4-1", "options.temperature=0.9", "--reason", "why", "--for", "1h")
    assert moor(*at, "hotfix", "local", *fix, "--json").code == 0
    told = look("--json")
    assert (told.code, told.json["reason"]) == (1, "no-evidence")
    assert moor(*at, "drift", "local", "--heal", "--json").code == 0
