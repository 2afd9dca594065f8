"""The patrol job with a real Redis: stopped, it is one open issue; started again, the issue is closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.state.records import patrols
from mooring.state.records.heartbeats import heartbeats
from mooring.state.transactions import Transactions
from tests.github.scheduled import Job
from tests.operate.repository.tracker import Tracker
from tests.redis_server import Redis
from tests.repository import Repo, copied, up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PATROL = "configs/operations/patrol.yaml"


@pytest.fixture
def host() -> Iterator[Tracker]:
    with Tracker().serving() as server:
        yield server


@pytest.fixture
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def repo(tmp_path: Path, redis: Redis) -> Iterator[Repo]:
    """With environment `local` up, which depends on that Redis; a loaded machine is slow, not wrong."""
    found = copied(tmp_path)
    slow = "okBelowSeconds: 10, alarmAboveSeconds: 10, timeoutSeconds: 10"
    cache = f"{{kind: redis-ping, name: cache, url: {redis.url}, {slow}}}"
    text = (found.root / PATROL).read_text()
    start, end = text.index("checks:"), text.index("keepDays:")
    mine = (cache, f"{{kind: llm-echo, name: models, {slow}}}", f"{{kind: sql, name: state, {slow}}}")
    checks = "".join(f"  - {check}\n" for check in mine)
    (found.root / PATROL).write_text(f"{text[:start]}checks:\n{checks}{text[end:]}")
    found.edit(PATROL, "repeatAfterSeconds: 2", "repeatAfterSeconds: 0.1")
    found.commit("depends on a cache")
    with up(found):
        yield found


def test_redis_that_stops_is_an_issue_until_it_has_answered_twice(repo: Repo, redis: Redis, host: Tracker) -> None:
    job = Job("patrol", repo.root, host)
    assert job.run(), job.printed
    assert (job.outcomes["job"], host.issues) == ("success", []), job.printed

    redis.stop()
    for _ in range(2):
        assert job.run(), job.printed
    (issue,) = host.open
    assert (issue["title"], job.outcomes["job"]) == ("patrol: local", "failure")
    assert f"127.0.0.1:{redis.port} refuses connections" in issue["body"]
    assert "local: 1 in alarm, 4 ok" in issue["body"]

    redis.start()
    assert job.run(), job.printed
    assert "ok now, 1 of 2 in a row" in host.open[0]["body"]
    assert job.run(), job.printed
    (issue,) = host.issues
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed"), issue["body"]
    assert "local: 5 ok" in issue["body"]

    database = Transactions(f"sqlite:///{repo.root / '.mooring/local/state.db'}")
    (beat,) = database.read(heartbeats)
    assert (beat.job, beat.outcome) == ("patrol", "success")
    looks = database.read(lambda connection: patrols.history(connection, 20))["cache"]
    assert [look.state for look in looks] == ["ok", "alarm", "alarm", "alarm", "ok", "ok"]
    database.close()
