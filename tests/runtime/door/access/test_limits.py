"""How much a tenant and a key may ask, over restarts and in both slots."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mooring.runtime.core.caller import Caller
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.grant import Grant
from mooring.runtime.door.access.pacing import LONGEST_SECONDS, PER_SECOND, Pacing
from mooring.runtime.door.access.rates import Bucket, Rates
from mooring.runtime.door.access.usage import Own
from mooring.runtime.memory.spend import KEEP_DAYS, Spend
from mooring.spec.access import Limits
from mooring.state.database import Database
from mooring.state.engine.engine import url_of
from mooring.state.unavailable import Unavailable


def shop(**limits):
    return {"tenants": [{"name": "shop", "limits": limits}, {"name": "bank"}]}


@pytest.mark.slow
def test_a_tenant_beyond_its_requests_a_minute_is_told_when_to_come_back_and_others_are_not_held_up(gated):
    server = gated(shop(requestsPerMinute=2))
    first, second, other = server.key(), server.key(), server.key("bank")
    assert server.chat(first).headers["x-ratelimit-remaining-requests"] == "1"
    assert server.chat(second).status_code == 200
    late = server.chat(first)
    assert late.status_code == 429
    assert late.json()["error"] | {"message": ""} == {
        "message": "",
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "param": None,
    }
    assert 1 <= int(late.headers["retry-after"]) <= 30
    assert late.headers["x-ratelimit-limit-requests"] == "2"
    assert server.chat(other).status_code == 200


@pytest.mark.slow
def test_a_key_has_limits_of_its_own_below_its_tenants(gated):
    server = gated(shop(requestsPerMinute=100))
    narrow, wide = server.key(limits={"requestsPerMinute": 1}), server.key()
    assert [server.chat(key).status_code for key in (narrow, narrow, wide)] == [200, 429, 200]


@pytest.mark.slow
def test_a_stream_beyond_a_limit_is_refused_before_it_begins(gated):
    server = gated(shop(requestsPerMinute=1))
    key = server.key()
    assert server.chat(key, stream=True).status_code == 200
    refused = server.chat(key, stream=True)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/json"


@pytest.mark.slow
def test_requests_at_once_are_counted_by_tenant_and_a_run_counts_until_it_ends(gated, stub, reply):
    server = gated(shop(concurrent=1), ladder={"rungs": {"L0": {"timeoutSeconds": 3}}})
    stub.script("primary-1", reply("late", delay=0.6))
    key, other = server.key(), server.key("bank")
    assert server.post("/agents/support/runs", key, {"message": "hi"}).status_code == 202
    assert server.chat(key).json()["error"]["code"] == "too_many_requests"
    assert server.chat(other).status_code == 200
    end = time.monotonic() + 5
    while (last := server.chat(key)).status_code == 429 and time.monotonic() < end:
        time.sleep(0.1)
    assert last.status_code == 200


@pytest.mark.slow
def test_a_tenant_among_others_takes_half_of_a_slot_at_most(gated, stub, reply):
    server = gated(serving={"maxInFlight": 4}, ladder={"rungs": {"L0": {"timeoutSeconds": 3}}})
    stub.script("primary-1", reply("late", delay=0.8))
    key, other = server.key(), server.key("bank")
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(server.chat, key) for _ in range(4)]
        time.sleep(0.3)
        beside = pool.submit(server.chat, other)
        codes = sorted(answer.result().status_code for answer in asked)
    assert codes == [200, 200, 429, 429]
    assert beside.result().status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("limits", [{"tokensPerDay": 5}, {"usdPerDay": 0.000001}])
def test_a_day_that_is_used_up_is_used_up_in_the_other_slot_and_after_a_restart(gated, limits):
    server = gated(shop(**limits))
    key = server.key()
    assert server.chat(key).status_code == 200
    refused = server.chat(key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
    assert 0 < int(refused.headers["retry-after"]) <= 86400
    time.sleep(0.5)
    other_slot = gated(shop(**limits), slot="green")
    assert other_slot.chat(key).json()["error"]["code"] == "insufficient_quota"
    server.serving.stop()
    again = gated(shop(**limits))
    assert again.chat(key).json()["error"]["code"] == "insufficient_quota"
    assert again.get("/v1/models", again.key("bank")).headers.get("x-ratelimit-remaining-tokens") is None


@pytest.mark.slow
def test_what_is_left_of_the_tokens_is_in_the_headers(gated):
    server = gated(shop(tokensPerDay=1000))
    key = server.key()
    server.chat(key)
    answer = server.chat(key)
    assert answer.headers["x-ratelimit-limit-tokens"] == "1000"
    assert 0 < int(answer.headers["x-ratelimit-remaining-tokens"]) < 1000


@pytest.mark.slow
def test_spend_is_in_the_metrics_by_tenant_and_agent(gated):
    server = gated()
    server.chat(server.key())
    text = server.get("/metrics", server.key(None, role="operator")).text
    line = next(line for line in text.splitlines() if line.startswith("mooring_tenant_tokens_today{"))
    assert 'tenant="shop"' in line
    assert 'gen_ai_agent_name="support"' in line
    assert float(line.rpartition(" ")[2]) > 0


def test_a_bucket_refills_evenly_and_holds_a_minute():
    bucket = Bucket(60, Own())
    for _ in range(60):
        assert bucket.wait(0.0) == 0
        bucket.take(0.0)
    assert bucket.wait(0.0) == pytest.approx(1.0)
    assert bucket.wait(0.75) == pytest.approx(0.25)
    assert bucket.left(1000.0) == 60
    assert bucket.full(0.0) == pytest.approx(60)


def test_a_refused_request_uses_nothing_up(tmp_path):
    rates = Rates(Spend(Database(url_of(tmp_path, None))), None, clock=lambda: 0.0)
    grant = Grant(Caller("shop", "site"), Limits(concurrent=1), Limits(requests_per_minute=2))
    inside = rates.enter(grant)
    for _ in range(5):
        with pytest.raises(Problem):
            rates.enter(grant)
    inside.leave()
    rates.enter(grant).leave()
    with pytest.raises(Problem) as refused:
        rates.enter(grant)
    assert refused.value.code == "rate_limit_exceeded"


def admitted(rates: Rates, grant: Grant) -> int:
    """How many requests are let in, one after the other, until one is not."""
    for count in range(1000):
        try:
            rates.enter(grant).leave()
        except Problem:
            return count
    raise AssertionError("no limit")


def test_pods_share_the_rates_of_tenants_and_keys_out_among_them(tmp_path):
    spend, now = Spend(Database(url_of(tmp_path, None))), [0.0]
    pods = [Rates(spend, None, clock=lambda: now[0], peers=lambda: 3) for _ in range(3)]
    grant = Grant(Caller("shop", "site"), Limits(requests_per_minute=60), Limits())
    assert [admitted(pod, grant) for pod in pods] == [20, 20, 20]
    now[0] += 60
    assert sum(admitted(pod, grant) for pod in pods) == 60
    with pytest.raises(Problem) as refused:
        pods[0].enter(grant)
    assert "60 requests a minute, an equal part through each of 3 pods" in str(refused.value)


def test_pods_share_requests_at_once_out_and_each_lets_one_in(tmp_path):
    spend = Spend(Database(url_of(tmp_path, None)))
    for limit, among, each in ((7, 3, 2), (2, 5, 1)):
        pod = Rates(spend, None, clock=lambda: 0.0, peers=partial(int, among))
        grant = Grant(Caller("shop", "site"), Limits(concurrent=limit), Limits())
        for _ in range(each):
            pod.enter(grant)
        with pytest.raises(Problem):
            pod.enter(grant)


def test_a_tenants_half_of_a_pod_is_of_that_pod_alone(tmp_path):
    pod = Rates(Spend(Database(url_of(tmp_path, None))), 4, clock=lambda: 0.0, peers=lambda: 4)
    grant = Grant(Caller("shop", "site"), Limits(), Limits())
    for _ in range(4):
        pod.enter(grant)
    with pytest.raises(Problem):
        pod.enter(grant)


def test_what_was_used_counts_as_much_when_pods_come_and_go(tmp_path):
    peers, now = [1], [0.0]
    pod = Rates(Spend(Database(url_of(tmp_path, None))), None, clock=lambda: now[0], peers=lambda: peers[0])
    grant = Grant(Caller("shop", "site"), Limits(requests_per_minute=60), Limits())
    for _ in range(30):
        pod.enter(grant).leave()
    peers[0] = 3
    assert admitted(pod, grant) == 10
    peers[0] = 1
    now[0] += 0.5  # half a request more, at the whole rate
    assert admitted(pod, grant) == 0
    now[0] += 10
    assert admitted(pod, grant) == 10


def test_a_new_day_begins_at_midnight_utc(database_url):
    now = [86400.0 * 20000 - 10]

    async def story():
        database = Database(database_url)
        spend = Spend(database, clock=lambda: now[0])
        await spend.start()
        spend.add("shop", "site", "support", 10, 0.5)
        await spend.flush()
        assert (spend.today("shop").tokens, spend.today("shop", "site").usd) == (10, 0.5)
        assert spend.left_of_day() == 10
        now[0] += 11
        assert spend.today("shop").tokens == 0
        await spend.close()
        await database.close()

    asyncio.run(story())


def test_what_is_spent_while_the_disk_fails_is_counted_and_written_later(tmp_path):
    folder = tmp_path / "state"

    async def story():
        database = Database(url_of(folder, None))
        spend = Spend(database)
        folder.write_text("in the way")
        spend.add("shop", "site", "support", 10, 0.5)
        await spend.flush()
        assert spend.today("shop").tokens == 10
        folder.unlink()
        spend.add("shop", "site", "support", 5, 0.25)
        await spend.flush()
        await spend.close()
        after = Spend(database)
        await after.start()
        assert (after.today("shop").calls, after.today("shop").tokens) == (2, 15)
        await after.close()
        await database.close()

    asyncio.run(story())


def test_what_was_written_by_a_commit_whose_answer_was_lost_is_counted_once(database_url):
    class Deaf(Database):
        """Does all it is told, and now and then does not hear that it was done."""

        lost = True

        async def write(self, work):
            done = await super().write(work)
            if self.lost:
                raise Unavailable("the database does not answer")
            return done

    async def story():
        database = Deaf(database_url)
        spend, other = Spend(database), Spend(Database(database_url))
        for tokens in (10, 5):
            spend.add("shop", "site", "support", tokens, 0.5)
            await spend.flush()
        assert (spend.today("shop").calls, spend.today("shop").tokens) == (2, 15)
        database.lost = False
        spend.add("shop", "site", "support", 1, 0.5)
        await spend.flush()
        await other.flush()
        for one in (spend, other):
            assert (one.today("shop").calls, one.today("shop").tokens, one.today("shop").usd) == (3, 16, 1.5)
        await database.close()

    asyncio.run(story())


def test_what_was_spent_long_ago_is_deleted_and_the_last_year_is_kept(database_url):
    now = [86400.0 * 20000]

    async def story():
        database = Database(database_url)
        for days in (0, KEEP_DAYS - 1, 2):
            now[0] += days * 86400.0
            spend = Spend(database, clock=lambda: now[0])
            spend.add("shop", "site", "support", 10, 0.5)
            await spend.flush()
        count = "select count(*) from spend"
        assert await database.read(lambda connection: connection.exec_driver_sql(count).scalar()) == 2
        await database.close()

    asyncio.run(story())


def test_two_slots_that_spend_at_once_lose_nothing(database_url):
    async def story():
        databases = Database(database_url), Database(database_url)
        blue, green = (Spend(database) for database in databases)
        await blue.start()
        await green.start()
        for _ in range(50):
            blue.add("shop", "site", "support", 1, 0.1)
            green.add("shop", "site", "support", 1, 0.1)
            await asyncio.gather(blue.flush(), green.flush())
        await blue.flush()
        assert (blue.today("shop").tokens, blue.by_agent()["shop", "support"].calls) == (100, 100)
        assert blue.today("shop").usd == pytest.approx(10)
        await blue.close()
        await green.close()
        for database in databases:
            await database.close()

    asyncio.run(story())


def test_who_is_refused_often_waits_longer_and_others_do_not():
    now = [100.0]
    pacing = Pacing(clock=lambda: now[0])
    at_once = [pacing.delay("flood") for _ in range(int(PER_SECOND))]
    assert not any(at_once)
    assert pacing.delay("flood") == pytest.approx(1 / PER_SECOND)
    for _ in range(1000):
        pacing.delay("flood")
    assert pacing.delay("flood") == LONGEST_SECONDS
    assert pacing.delay("somebody else") == 0
    now[0] += LONGEST_SECONDS + 2
    assert pacing.delay("flood") == 0
