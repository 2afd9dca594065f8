"""An environment of the test cluster by the commands of operators, with real pods: out, and every way back."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from mooring.targets.kubernetes.api import Api
from tests.repository import Repo, until
from tests.targets.kubernetes.declared import declare
from tests.targets.kubernetes.house import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

POLICY = "prompts/shared/refund-policy.yaml"
SMOKE = "evals/suites/support/smoke.yaml"
FIX = ("model/openai/gpt-4-1", "options.temperature=0", "--reason", "it repeats itself")


def live(at: Callable[..., Any]) -> str:
    (found,) = at("status", "local")["environments"]
    return str(found["live"]["digest"])


def test_a_release_goes_out_and_comes_back_in_every_way(at: Callable[..., Any], repo: Repo, at_home: Place) -> None:
    declare(repo, target=at_home.document())
    at("up", "local")
    one = live(at)
    repo.edit(POLICY, "within 30 days", "within 14 days")
    repo.edit(SMOKE, "30 days", "14 days")
    at("bump")
    repo.commit("shorter refunds")
    deployed = at("deploy", "local")
    assert (deployed["kind"], deployed["lost"], deployed["standby"]) == ("deploy", 0, "blue")
    two = live(at)
    assert two != one

    repo.git("revert", "--no-edit", "HEAD")
    reverted = at("deploy", "local")
    assert (reverted["kind"], reverted["digest"], reverted["lost"]) == ("flip", one, 0)

    hotfix = at("hotfix", "local", *FIX, "--for", "1m")
    assert (hotfix["kind"], hotfix["lost"]) == ("hotfix", 0)
    assert live(at) not in (one, two)
    found = at("drift", "local", code=1)
    assert "hotfix" in json.dumps(found)
    until(lambda: live(at) == one, 180, 3)  # the keeper's pod takes it back
    records = at("history", "local")["records"]
    assert records[0]["digest"] == one
    at("drift", "local")

    repo.edit(POLICY, "within 30 days", "within 10 days")
    repo.edit(SMOKE, "30 days", "10 days")
    at("bump")
    repo.commit("still shorter refunds")
    at("deploy", "local")
    assert live(at) != one
    begun = time.monotonic()
    back = at("rollback", "local")
    print(f"rolled back in {time.monotonic() - begun:.2f} s")
    assert (back["kind"], back["digest"], back["lost"]) == ("rollback", one, 0)


def test_somebody_in_chat_rolls_back(at: Callable[..., Any], repo: Repo) -> None:
    before = live(at)
    repo.edit(POLICY, "within 10 days", "within 7 days")
    repo.edit(SMOKE, "10 days", "7 days")
    at("bump")
    repo.commit("refunds within a week")
    at("deploy", "local")
    assert live(at) != before
    said = at("chat", "run", "/deploy rollback", "--environment", "local", "--yes")
    assert live(at) == before, said


def test_pods_that_are_killed_under_load_lose_no_run_and_the_ledger_has_the_receipt(
    at: Callable[..., Any], repo: Repo, at_home: Place
) -> None:
    said = at("drill", "--live", "crash", "--environment", "local", "--kills", "2")
    (found,) = said["drills"]
    assert found["result"] == "held", found
    figures = found["figures"]
    assert (figures["kills"], figures["where"], figures["failed"]) == (2, "local-drill", 0)
    assert figures["resumed"] > 0 < figures["resumed_max"]
    (record,) = [one for one in at("history", "local")["records"] if one["kind"] == "drill"]
    assert (record["proof"]["exercise"], record["proof"]["result"]) == ("crash", "held")
    labels = "mooring.dev/environment=local-drill"
    api = Api(None, at_home.namespace)
    assert [api.list(kind, labels) for kind in ("Deployment", "Service", "Role")] == [[], [], []]
    api.close()
