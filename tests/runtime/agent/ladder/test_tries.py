"""A run's record says which rung was tried how often, how each try ended, and nothing of what an endpoint wrote."""

from typing import Any

import pytest

from mooring.runtime.agent.allowance import BURST
from mooring.runtime.core.record import MOST_TRIES, Budget, Record
from mooring.state.runs.lookup import named, seen
from mooring.state.transactions import Transactions
from tests.runtime.hosting import rung_of
from tests.runtime.sample import limits

SECRET = "sk-live-do-not-log"


@pytest.fixture
def tried(serve: Any, tmp_path: Any) -> Any:
    """Asks, and returns the tries of the run as its row has them."""

    def ask(asked: int = 1, **profile: Any) -> list[tuple[str, str, str]]:
        serving = serve(checkpoint={"mode": "durable"}, **profile)
        *_, run = [serving.chat().headers["x-mooring-run"] for _ in range(asked)]
        told = serving.http.get(f"/runs/{run}").json()  # which waits until its row is written
        [file] = tmp_path.rglob("state.db")
        database = Transactions(f"sqlite:///{file}")
        assert database.read(lambda connection: named(connection, run[:16])) == [run]
        found = database.read(lambda connection: seen(connection, run))
        database.close()
        assert found is not None
        assert SECRET not in str(found.data)
        assert all(each["seconds"] >= 0 for each in found.data["tries"])
        assert "tries" not in told, "endpoints are nothing that a client is told"
        return [(each["rung"], each["model"], each["outcome"]) for each in found.data["tries"]]

    return ask


def test_each_try_of_each_rung_is_told_with_its_reason(tried: Any, stub: Any, reply: Any) -> None:
    refusal = reply(raw=f'{{"error": "{SECRET}"}}', status=503)
    stub.script("primary-1", refusal, refusal)
    stub.script("alternate-1", reply("second"))
    assert tried() == [
        ("L0", "primary", "HTTP 503"),
        ("L0", "primary", "HTTP 503"),
        ("L1", "alternate", "answered"),
    ]


@pytest.mark.slow
def test_a_model_that_hangs_or_says_nothing_is_told_apart(tried: Any, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply(delay=3))
    stub.script("alternate-1", reply(raw='{"choices": []}'))
    found = tried(ladder=limits(0.2))
    assert {outcome for rung, _, outcome in found if rung == "L0"} == {"timeout"}
    assert [outcome for rung, _, outcome in found if rung == "L1"][-1] not in ("answered", "timeout")
    assert found[-1] == ("L2", "small", "answered")


def test_an_answer_at_once_is_one_try(tried: Any, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply("first"))
    assert tried() == [("L0", "primary", "answered")]


def test_an_open_breaker_is_a_reason(tried: Any, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply(status=500))
    found = tried(4, breaker={"consecutiveFailures": 1, "openSeconds": 60}, retry={"tries": 1})
    assert found[0] == ("L0", "primary", "breaker open")


@pytest.mark.parametrize("count", [MOST_TRIES, MOST_TRIES + 5])
def test_a_record_keeps_so_many_and_counts_the_rest(count: int) -> None:
    record = Record("run_1", "support", budget=object.__new__(Budget))
    for _ in range(count):
        record.tried("L0", "primary", "timeout", 0.123456)
    data = record.data()
    assert (len(data["tries"]), data["more_tries"]) == (MOST_TRIES, count - MOST_TRIES)
    assert data["tries"][0] == {"rung": "L0", "model": "primary", "outcome": "timeout", "seconds": 0.1235}
    again = Record("run_1", "support", budget=object.__new__(Budget))
    again.restore(data)
    assert (again.tries, again.more_tries) == (record.tries, record.more_tries)


def test_a_record_of_an_earlier_version_has_none() -> None:
    record = Record("run_1", "support", budget=object.__new__(Budget))
    old = {name: value for name, value in record.data().items() if name not in ("tries", "more_tries")}
    record.restore(old)
    assert (record.tries, record.more_tries) == ([], 0)


def test_retries_beyond_their_share_are_not_made_and_the_next_rung_answers(serve: Any, stub: Any, reply: Any) -> None:
    stub.script("primary-1", reply(status=500))
    stub.script("alternate-1", reply("second"))
    never = {"consecutiveFailures": 1000, "minimumCalls": 1000}
    serving = serve(retry={"tries": 2, "baseSeconds": 0.001, "maxShare": 0}, breaker=never)
    for _ in range(BURST + 3):
        assert rung_of(serving.chat()) == "L1"
    assert len(stub.asked("primary-1")) == BURST + 3 + BURST
