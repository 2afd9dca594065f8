"""A person breaks what is simulated, watches the ladder work, and mends it."""

import time

import pytest

from mooring.commands.ask import ask

pytestmark = pytest.mark.slow

PHRASE = "What can you do?"


def rung(url):
    return ask(url, "support", PHRASE).rung


@pytest.fixture
def running(running, moor):
    yield running
    moor("-C", running.root, "simulate", "clear")


@pytest.fixture
def url(running, moor):
    return moor("-C", running.root, "status", "local", "--json").json["environments"][0]["url"]


def test_a_vendor_dies_the_next_rung_answers_and_status_shows_it(running, moor, url):
    assert rung(url) == "L0"
    told = moor("-C", running.root, "simulate", "fault", "status", "--provider", "openai")
    assert told.code == 0
    assert told.out.splitlines()[1].split() == ["status", "provider", "openai", "1", "503", "-", "0"]
    assert [rung(url) for _ in range(5)] == ["L1"] * 5
    told = moor("-C", running.root, "status", "local")
    [primary] = [line for line in told.out.splitlines() if line.startswith("support") and " L0 " in line]
    assert "open for" in primary
    [alternate] = [line for line in told.out.splitlines() if line.startswith("support") and " L1 " in line]
    assert alternate.split()[-1] == "5"
    assert "memory " in told.out
    assert "context " in told.out
    data = moor("-C", running.root, "status", "local", "--json").json["environments"][0]
    runtime = data["slots"][data["live"]["slot"]]["runtime"]
    assert runtime["agents"]["support"]["rungs"]["L0"]["breaker"] == "open"
    cleared = moor("-C", running.root, "simulate", "clear")
    assert (cleared.code, cleared.out.strip()) == (0, "no faults are on")
    end = time.monotonic() + 20
    while rung(url) != "L0":
        assert time.monotonic() < end
        time.sleep(0.3)


def test_a_ticket_is_counted_at_the_moment_it_is_given_out(running, moor, url):
    def open_tickets():
        data = moor("-C", running.root, "status", "local", "--json").json["environments"][0]
        return data["slots"][data["live"]["slot"]]["runtime"]["queue_depth"]

    before = open_tickets()
    moor("-C", running.root, "simulate", "fault", "status")
    assert ask(url, "support", "Do you sell lamps?").rung == "L4"
    assert open_tickets() == before + 1
    assert f"{before + 1} open tickets" in moor("-C", running.root, "status", "local").out


def test_faults_add_up_are_listed_and_end_by_themselves(running, moor, url):
    def simulate(*words):
        return moor("-C", running.root, "simulate", *words, "--json").json

    simulate("fault", "latency", "--service", "shop", "--seconds", "2", "--count", "3")
    named = simulate("fault", "hang", "--model", "openai/gpt-4-1", "--for", "0.5", "--rate", "0.5")
    assert [fault["kind"] for fault in named["faults"]] == ["latency", "hang"]
    assert named["faults"][1]["model"] == r"^gpt\-4\.1\-2025\-04\-14$"
    assert named["reason"] == "changed"
    text = moor("-C", running.root, "simulate", "list").out
    assert "after 3 more" in text
    time.sleep(0.6)
    assert [fault["kind"] for fault in simulate("list")["faults"]] == ["latency"]
    assert simulate("clear")["faults"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--provider", "opnai"], "no provider opnai; did you mean 'openai'? (there are: anthropic, local, openai)"),
        (["--service", "shpo"], "no service shpo; did you mean 'shop'?"),
        (["--model", "gtp"], "no model gtp"),
        (["--model", "("], "is no regular expression"),
    ],
)
def test_a_fault_that_would_hit_nothing_is_refused(running, moor, words, message):
    told = moor("-C", running.root, "simulate", "fault", "hang", *words)
    assert told.code == 2
    assert message in told.error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fault", "hagn"], "unknown KIND 'hagn'; did you mean 'hang'?"),
        (["fault", "hang", "--rate", "2"], "argument --rate: '2' is not between 0 and 1"),
        (
            ["fault", "hang", "--model", "a", "--service", "shop"],
            "argument --service: not allowed with argument --model",
        ),
        (["list", "nowhere"], "no environment 'nowhere'"),
        ([], "the following arguments are required: ACTION"),
    ],
)
def test_a_wrong_call_is_told(repo, moor, words, message):
    told = moor("-C", repo.root, "simulate", *words)
    assert told.code == 2
    assert message in told.error


def test_where_nothing_runs_nothing_is_broken(repo, moor):
    told = moor("-C", repo.root, "simulate", "list")
    assert told.code == 1
    assert told.error == "local is not running here"


def test_real_endpoints_are_never_broken(running, moor, monkeypatch):
    from mooring.targets.local.target import Local

    release = Local(running.root, "local", running.root / ".mooring/local").live()
    assert release is not None
    environment = release.content.environment.model_copy(update={"endpoints": "real"})
    real = type(release).of(release.content.model_copy(update={"environment": environment}))
    monkeypatch.setattr(Local, "live", lambda _: real)
    told = moor("-C", running.root, "simulate", "fault", "hang", "--json")
    assert (told.code, told.json["reason"]) == (1, "guarded")


def test_watching_cannot_be_one_object(repo, moor):
    told = moor("-C", repo.root, "status", "--watch", "--json")
    assert (told.code, told.json["reason"]) == (2, "usage")
