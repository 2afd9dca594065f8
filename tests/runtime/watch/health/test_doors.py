"""Health over HTTP: each door answers its own question, in the manner of Kubernetes."""

import json

import pytest

JSON = {"accept": "application/json"}


def trip(serving, *models):
    """Opens the breakers of models."""
    for (model, _), circuit in serving.runtime.agents.circuits().items():
        if model in models:
            for _ in range(3):
                call = circuit.enter()
                call.health = type(call.health).ILL
                circuit.leave(call)


def test_all_well_is_two_letters(serve):
    serving = serve()
    answer = serving.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["cache-control"] == "no-store"


def test_verbose_names_every_layer_from_the_ground_up(serve):
    lines = serve().http.get("/healthz?verbose").text.splitlines()
    assert lines[-1] == "healthz check passed"
    assert all(line.startswith("[+]") and line.endswith(" s ago)") for line in lines[:-1])
    layers = [line[3:].split("/")[0] for line in lines[:-1]]
    assert list(dict.fromkeys(layers)) == ["process", "runtime", "dependencies"]
    names = [line[3:].split(" ")[0] for line in lines[:-1]]
    assert {"process/loop-lag", "process/memory", "runtime/release", "runtime/rungs:support"} <= set(names)
    assert {"dependencies/database", "dependencies/model:primary", "dependencies/service:shop"} <= set(names)


def test_json_has_latency_threshold_and_age(serve):
    told = serve(health={"databaseSeconds": 0.9}).http.get("/healthz", headers=JSON).json()
    assert told["status"] == "ok"
    [database] = [check for check in told["checks"] if check["name"] == "database"]
    assert (database["layer"], database["ok"], database["threshold"], database["unit"]) == (
        "dependencies",
        True,
        0.9,
        "s",
    )
    assert 0 < database["seconds"] < 1
    assert 0 <= database["age_seconds"] < 5


def test_a_failure_is_named_with_its_reason_without_being_asked_for(serve, stub, reply):
    stub.script("primary-1", reply(status=500))
    serving = serve(retry={"tries": 1})
    serving.chat()
    answer = serving.http.get("/healthz")
    assert answer.status_code == 503
    assert "[-]dependencies/model:primary failed: its last call failed (" in answer.text
    assert "[+]dependencies/model:alternate ok (" in answer.text
    assert answer.text.endswith("healthz check failed\n")


@pytest.mark.parametrize("what", ["dependencies/model:primary", "model:primary", "dependencies"])
def test_what_is_excluded_does_not_count(serve, what):
    serving = serve()
    trip(serving, "primary")
    assert serving.http.get("/healthz").status_code == 503
    assert serving.http.get(f"/healthz?exclude={what}").text == "ok"


def test_an_exclusion_that_hits_nothing_is_told(serve):
    text = serve().http.get("/healthz?verbose&exclude=nothing").text
    assert "warn: nothing to exclude is called 'nothing'" in text


def test_one_layer_or_one_check_can_be_asked_for(serve):
    serving = serve()
    lines = serving.http.get("/healthz/runtime?verbose").text.splitlines()
    assert {line.split("/")[0] for line in lines[:-1]} == {"[+]runtime"}
    assert serving.http.get("/healthz/process/loop-lag").text == "ok"
    missing = serving.http.get("/healthz/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


def test_readiness_needs_one_rung_of_each_agent(serve):
    serving = serve()
    trip(serving, "primary", "alternate")
    assert serving.http.get("/readyz").status_code == 200
    assert "breakers are open: L0 primary, L1 alternate (1 closed" in serving.http.get("/readyz?verbose").text
    trip(serving, "small")
    told = serving.http.get("/readyz")
    assert told.status_code == 503
    assert "rungs:support: breakers are open: L0 primary, L1 alternate, L2 small" in told.json()["reasons"]


def test_a_database_that_is_gone_is_a_reason_not_to_be_ready_and_none_to_be_restarted(serve, tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    serving = serve()
    ready = serving.http.get("/readyz")
    assert ready.status_code == 503
    assert any("runs cannot be stored now" in reason for reason in ready.json()["reasons"])
    assert serving.http.get("/livez").json() == {"alive": True}


def test_liveness_asks_nobody(serve, stub):
    serving = serve()
    trip(serving, "primary", "alternate", "small")
    before = len(stub.requests)
    assert serving.http.get("/livez").status_code == 200
    assert serving.http.get("/livez?verbose").text.splitlines()[0].startswith("[+]process/loop-lag ok")
    assert len(stub.requests) == before


def test_a_slot_that_cannot_load_its_release_has_not_started_but_lives(serve, build):
    release = build()
    environment = release.content.environment.model_copy(update={"services": {}})
    nowhere = type(release).of(release.content.model_copy(update={"environment": environment}))
    serving = serve(nowhere)
    started = serving.http.get("/startupz")
    assert (started.status_code, started.json()["started"]) == (503, False)
    assert "does not say where service 'shop' is" in started.json()["reasons"][0]
    assert serving.http.get("/healthz").status_code == 503
    assert serving.http.get("/livez").status_code == 200
    assert serve().http.get("/startupz").json() == {"started": True, "reasons": []}


def test_looking_is_not_counted_as_a_request(serve):
    serving = serve()
    for path in ("/livez", "/startupz", "/readyz", "/healthz", "/healthz/runtime", "/metrics"):
        assert serving.http.get(path).status_code == 200
    assert serving.settled()["received"] == 0


def test_no_secret_shows_in_any_form(serve, build):
    keys = {"PRIMARY_KEY": "sk-private-1", "ALTERNATE_KEY": "sk-private-2", "SMALL_KEY": "sk-private-3"}
    serving = serve(build(endpoints="real", health={"dependencySeconds": 1}), environ=keys)
    told = serving.http.get("/healthz?verbose").text + json.dumps(serving.http.get("/healthz", headers=JSON).json())
    assert "model:primary failed" in told
    assert "private" not in told
