"""The agents of this repository, as `moor up` runs them: real slots, the simulator, real answers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.window import Between
from mooring.state.place.location import Location
from mooring.targets.local.target import Local
from tests.repository import CONTENT

ROOT = Path(__file__).parents[3]


@pytest.fixture
def numbered() -> Callable[[int], Release]:
    """The release of environment `local`, on a free port, watched for half a second."""
    catalog, _findings = load(WorkTree(CONTENT))
    original = resolve(catalog, "local").content

    def make(number: int) -> Release:
        data = original.model_dump(mode="json")
        data["environment"]["description"] = f"Number {number}."
        data["environment"]["target"]["listen"] = "127.0.0.1:0"
        data["environment"]["rollout"]["bakeSeconds"] = 0.5
        return Release.of(type(original).model_validate(data))

    return make


@pytest.fixture
def local(tmp_path: Path, numbered: Callable[[int], Release]) -> Iterator[Local]:
    target = Local(CONTENT, numbered(1).content.environment, tmp_path / "state")
    target.ensure()
    yield target
    target.down()


def say(url: str | None, text: str) -> tuple[str, str]:
    """What agent `support` answers, and the release that did."""
    body = {"model": "support", "messages": [{"role": "user", "content": text}]}
    request = Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=30) as reply:
        answer: dict[str, Any] = json.load(reply)
        return answer["choices"][0]["message"]["content"], reply.headers["x-mooring-release"]


@pytest.mark.slow
def test_a_release_is_deployed_asked_replaced_and_taken_back(local: Local, numbered: Callable[[int], Release]) -> None:
    ledger = Ledger(Location(local.state, "local"))
    for number in (1, 2):
        driver.deploy(local, ledger, driver.Request(numbered(number), "ann"), lambda _line: None)
        answer, digest = say(local.status().url, "What can you do?")
        assert "order" in answer
        assert digest == numbered(number).digest
    receipt = driver.rollback(local, ledger, "bob", lambda _line: None)
    assert (receipt.lost, receipt.seconds < 1) == (0, True)
    assert say(local.status().url, "What can you do?")[1] == numbered(1).digest
    assert local.config(receipt.slot)["content"] == numbered(1).content.model_dump(mode="json")
    assert 0 < local.facts().slots[receipt.slot].rss < 400 * 2**20
    counted = Between({}, local.totals(receipt.slot), 1)
    assert counted.increase("mooring_requests_total", end="answered") == 2
    assert counted.increase("mooring_rungs_total", rung="L0", gen_ai_agent_name="support") >= 2
    ledger.close()
