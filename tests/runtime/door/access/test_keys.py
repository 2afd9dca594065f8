"""Who gets in: keys of every kind, good and bad, and what belongs to their tenants."""

import sqlite3
import time
from contextlib import closing

import pytest

from tests.runtime.door.access.conftest import bearer

PATHS = ["/v1/models", "/runs/x", "/tickets/x", "/conversations/x", "/metrics", "/healthz", "/nowhere"]
LONG = "a-key-that-is-kept-elsewhere"


@pytest.mark.slow
def test_a_good_key_gets_an_answer(gated):
    server = gated()
    answer = server.chat(server.key())
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "hello"


def test_without_a_key_nothing_but_the_probes_answers_and_these_say_no_more_than_yes_or_no(gated):
    server = gated()
    for path in PATHS:
        assert server.get(path).json()["error"]["code"] == "invalid_api_key", path
    assert server.chat().status_code == 401
    assert server.get("/livez").json() == {"alive": True}
    assert server.get("/readyz").json() == {"ready": True}
    assert server.get("/startupz").json() == {"started": True}
    for path in ("/livez?verbose", "/readyz?exclude=x", "/startupz?verbose=1"):
        assert server.get(path).status_code == 401, path


@pytest.mark.slow
def test_every_bad_key_gets_the_same_answer(gated):
    server = gated()
    over, gone = server.key(ends=time.time() - 1), server.key(name="gone")
    server.keys.change(lambda keys: [key for key in keys if key.name != "gone"])
    stranger = server.key(tenant="unknown")
    time.sleep(0.5)
    bad = ["x", "moor_00000000_" + "A" * 43, over, gone, stranger, server.key()[:-1], "é" * 40]
    get = server.serving.http.get
    answers = [get("/v1/models", headers={"authorization": f"Bearer {key}".encode()}) for key in bad]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


@pytest.mark.slow
@pytest.mark.parametrize("header", ["Basic {}", "{}", "bearer{}", "Token {}", "Bearer"])
def test_a_key_that_is_not_sent_as_a_bearer_token_is_refused(gated, header):
    server = gated()
    key = server.key()
    assert server.serving.http.get("/v1/models", headers={"authorization": header.format(key)}).status_code == 401
    assert server.serving.http.get("/v1/models", headers={"authorization": f"BEARER  {key}"}).status_code == 200


@pytest.mark.slow
def test_two_keys_in_one_request_are_refused(gated):
    server = gated()
    twice = [("authorization", f"Bearer {server.key()}")] * 2
    assert server.serving.http.get("/v1/models", headers=twice).status_code == 401


@pytest.mark.slow
@pytest.mark.parametrize("name", ["key", "api_key", "API-Key", "access_token", "token"])
def test_a_key_in_the_url_is_refused_even_beside_a_good_header(gated, name):
    server = gated()
    answer = server.get(f"/v1/models?{name}=moor_x", server.key())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_in_query")
    assert "moor_x" not in answer.text


@pytest.mark.slow
def test_a_revoked_key_is_refused_within_a_second_and_without_a_restart(gated):
    server = gated()
    key = server.key()
    assert server.get("/v1/models", key).status_code == 200
    server.keys.change(lambda keys: [])
    time.sleep(0.5)
    assert server.get("/v1/models", key).status_code == 401


@pytest.mark.slow
def test_two_keys_of_one_name_work_at_once_so_that_one_can_be_rotated(gated):
    server = gated()
    old, new = server.key(name="site"), server.key(name="site")
    assert [server.get("/v1/models", key).status_code for key in (old, new)] == [200, 200]


@pytest.mark.slow
def test_a_damaged_key_does_not_work_and_the_others_do(gated, tmp_path):
    server = gated()
    key, damaged = server.key(), server.key(name="damaged")
    with closing(sqlite3.connect(tmp_path / "state/state.db")) as database, database:
        database.execute("update caller_keys set data = '{}' where data like '%damaged%'")
        database.execute("update caller_key_changes set number = number + 1")
    time.sleep(0.5)
    assert [server.get("/v1/models", each).status_code for each in (key, damaged)] == [200, 401]


@pytest.mark.slow
def test_a_key_is_in_no_file(gated, tmp_path):
    server = gated()
    key = server.key()
    server.chat(key)
    for path in (tmp_path / "state").iterdir():
        assert path.is_dir() or key.encode() not in path.read_bytes(), path


@pytest.mark.slow
def test_keys_known_last_hold_while_the_database_does_not_answer_and_it_is_said_since_when(gated, tmp_path):
    server = gated()
    key, operator = server.key(), server.key(None, role="operator")
    database = tmp_path / "state/state.db"
    database.rename(database.with_suffix(".away"))
    database.mkdir()
    time.sleep(0.6)
    assert server.get("/v1/models", key).status_code == 200
    assert server.get("/v1/models", "moor_00000000_x").status_code == 401
    assert "the keys as of" in server.get("/healthz?verbose", operator).text
    database.rmdir()
    database.with_suffix(".away").rename(database)
    server.keys.change(lambda keys: [])
    time.sleep(0.6)
    assert server.get("/v1/models", key).status_code == 401


@pytest.mark.slow
def test_a_process_that_starts_while_the_database_does_not_answer_goes_by_the_copy(gated, tmp_path):
    first = gated()
    key = first.key()
    assert first.get("/v1/models", key).status_code == 200
    first.serving.stop()
    (tmp_path / "state/state.db").unlink()
    (tmp_path / "state/state.db").mkdir()
    second = gated(slot="green")
    assert second.get("/v1/models", key).status_code == 200


def test_keys_by_reference_work_while_their_variable_is_set_and_they_have_not_ended(gated):
    named = [
        {"name": "site", "tenant": "shop", "secretRef": "env:SITE"},
        {"name": "old", "tenant": "shop", "secretRef": "env:OLD", "ends": "2020-01-01T00:00:00Z"},
        {"name": "short", "tenant": "shop", "secretRef": "env:SHORT"},
        {"name": "unset", "tenant": "shop", "secretRef": "env:UNSET"},
    ]
    environ = {"SITE": LONG, "OLD": LONG + "-old", "SHORT": "short", "UNSET": ""}
    server = gated({"keys": named}, environ=environ)
    codes = [server.get("/v1/models", key).status_code for key in (LONG, LONG + "-old", "short", "")]
    assert codes == [200, 401, 401, 401]


@pytest.mark.slow
def test_a_key_calls_the_agents_it_and_its_tenant_may_call_and_sees_no_others(gated):
    server = gated({"tenants": [{"name": "shop", "agents": ["support", "page"]}, {"name": "bank"}]})
    few, all_of_them = server.key(agents=["support", "json"]), server.key("bank")
    seen = [[model["id"] for model in server.get("/v1/models", key).json()["data"]] for key in (few, all_of_them)]
    assert seen == [["support"], ["bounded", "json", "page", "support"]]
    assert server.chat(few).status_code == 200
    refused, unknown = server.chat(few, agent="page"), server.chat(few, agent="nobody")
    assert [answer.json()["error"]["code"] for answer in (refused, unknown)] == ["model_not_found"] * 2
    assert server.post("/agents/page/runs", few, {"message": "hi"}).status_code == 404


@pytest.mark.slow
def test_runs_and_conversations_of_another_tenant_are_not_there(gated):
    server = gated()
    mine, theirs = server.key(), server.key("bank")
    run = server.post("/agents/support/runs?wait=true", mine, {"message": "hi", "conversation": "notes"}).json()["id"]
    for path in (f"/runs/{run}", "/conversations/notes"):
        assert server.get(path, mine).status_code == 200, path
        assert server.get(path, theirs).status_code == 404, path
        guess = server.get(path.replace(run, "run_0").replace("notes", "nothing"), theirs)
        assert server.get(path, theirs).json()["error"]["code"] == guess.json()["error"]["code"]
    assert "tenant" not in server.get(f"/runs/{run}", mine).text
    delete = server.serving.http.delete
    assert delete("/conversations/notes", headers=bearer(theirs)).status_code == 404
    assert delete("/conversations/notes", headers=bearer(mine)).status_code == 204


@pytest.mark.slow
def test_two_tenants_may_name_their_conversations_alike(gated, stub, reply):
    server = gated()
    mine, theirs = server.key(), server.key("bank")
    for key, text in ((mine, "I am Ann"), (theirs, "I am Bob")):
        server.chat(key, text, metadata={"conversation": "notes"})
    said = [server.get("/conversations/notes", key).json()["messages"][0]["content"] for key in (mine, theirs)]
    assert said == ["Customer: I am Ann", "Customer: I am Bob"]
    assert server.get("/conversations/notes", mine).json()["id"] == "notes"


@pytest.mark.slow
def test_a_saved_answer_is_not_given_to_another_tenant(gated, stub, reply):
    server = gated(ladder={"lastGood": {"enabled": True}})
    mine, theirs = server.key(), server.key("bank")
    stub.script("primary-1", reply("the secret of the shop"), reply(status=500))
    stub.script("alternate-1", reply(status=500))
    stub.script("small-1", reply(status=500))
    assert server.chat(mine, "what is it?").headers["x-mooring-rung"] == "L0"
    assert "secret" not in server.chat(theirs, "what is it?").text
    assert "secret" in server.chat(mine, "what is it?").text


@pytest.mark.slow
def test_approving_needs_an_approver_of_the_same_tenant(gated, stub, reply):
    server = gated()
    caller = server.key()
    approver, other = server.key(role="approver"), server.key("bank", role="approver")
    stub.script("primary-1", reply(tool=("refund_order", {"order": "1", "cents": 5})), reply("refunded"))
    stub.script("shop", reply(body={"refunded": True}))
    run = server.post("/agents/support/runs?wait=true", caller, {"message": "refund"}).json()
    assert run["status"] == "awaiting-approval"
    codes = [server.post(f"/runs/{run['id']}/approve?wait=true", key).status_code for key in (caller, other, approver)]
    assert codes == [403, 404, 200]


@pytest.mark.slow
def test_metrics_and_health_are_for_operators_who_call_no_agent(gated):
    server = gated()
    operator, caller = server.key(None, role="operator"), server.key()
    for path in ("/metrics", "/healthz", "/healthz/runtime", "/readyz?verbose"):
        assert server.get(path, operator).status_code in (200, 404, 503), path
        assert server.get(path, caller).json()["error"]["code"] == "operator_required", path
    assert "reasons" in server.get("/readyz", operator).json()
    assert server.get("/openapi.json", operator).status_code == 200
    for path in ("/v1/models", "/runs/x", "/conversations/x", "/v1/responses/resp_x", "/nowhere"):
        assert server.get(path, operator).json()["error"]["code"] == "operator_refused", path
    assert server.chat(operator).status_code == 403


@pytest.mark.slow
def test_the_copy_of_the_keys_is_for_its_owner_alone(gated, tmp_path):
    gated().key()
    assert (tmp_path / "state/keys.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
