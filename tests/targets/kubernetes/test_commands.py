"""An environment of the test cluster by the commands of operators, with real pods: out, and every way back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from mooring.operate.exercises.cluster import beside
from mooring.operate.exercises.documents import release_of
from mooring.targets import table
from mooring.targets.kubernetes.api import Api
from tests.repository import Repo, until
from tests.targets.kubernetes.declared import declare
from tests.targets.kubernetes.house import Place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

POLICY = "prompts/shared/refund-policy.yaml"
SMOKE = "evals/suites/support/smoke.yaml"
DRILL = ("drill", "--live", "crash", "--environment", "local", "--kills", "2")
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
    at: Callable[..., Any], at_home: Place
) -> None:
    said = at(*DRILL)
    (found,) = said["drills"]
    assert found["result"] == "held", found
    figures = found["figures"]
    assert (figures["where"], figures["failed"]) == ("local-drill", 0)
    assert figures["kills"] >= 2
    assert figures["resumed"] > 0 < figures["resumed_max"]
    (record,) = [one for one in at("history", "local")["records"] if one["kind"] == "drill"]
    assert (record["proof"]["exercise"], record["proof"]["result"]) == ("crash", "held")
    assert left(at_home) == []


def test_one_live_drill_at_a_time_and_what_a_killed_one_left_is_gone_with_the_next(
    at: Callable[..., Any], repo: Repo, at_home: Place
) -> None:
    command = [sys.executable, "-m", "mooring", "-C", str(repo.root), *DRILL]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(lambda: left(at_home, "Pod"), 120)
        mine = set(left(at_home, "Pod"))
        refused = at(*DRILL, code=1)
        assert (refused["reason"], first.poll()) == ("locked", None)
        assert f":{first.pid}:" in refused["message"], refused
        assert mine <= set(left(at_home))
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    before = set(left(at_home))
    assert before
    document = release_of(repo.root, "local").content.environment
    with beside(repo.root, document, table.target, lambda _line: None, "ann"):
        assert before.isdisjoint(left(at_home))
        assert left(at_home)
    assert left(at_home) == []


def left(place: Place, *kinds: str) -> list[str]:
    """The uids of objects of the drill's copy."""
    api = Api(None, place.namespace)
    chosen = kinds or ("Deployment", "Pod", "Service", "Role", "ServiceAccount", "NetworkPolicy")
    found = [one for kind in chosen for one in api.list(kind, "mooring.dev/environment=local-drill")]
    api.close()
    return [one["metadata"]["uid"] for one in found]
