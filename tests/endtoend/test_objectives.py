"""An outage as Prometheus, Alertmanager and `moor objectives` see it: it fires, is silenced, and resolves."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from mooring.main import main
from mooring.operate.objectives.pace import Pace, Tier
from mooring.operate.objectives.render import ALERTMANAGER, RULES, render
from mooring.report.page.judgement import DEGRADED, judge
from mooring.spec import Objectives
from tests.operate.objectives.promtool import tool
from tests.operate.objectives.servers import Running, alertmanager, prometheus, scrape
from tests.repository import Repo, copied, surrounded, until, up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

QUICK = Pace(
    tiers=(Tier(14.4, 10, 5, "page"), Tier(1, 600, 300, "ticket")),
    wait=2,
    calm=2,
    down=600,
    shortest=5,
    group_wait=1,
    group_interval=1,
)
"""What takes hours otherwise, in seconds."""

BURNS = "MooringDegradationBurnsFast"


@contextmanager
def phone() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A receiver of webhooks, and what it was told."""
    told: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page", told
    server.shutdown()
    server.server_close()


@contextmanager
def asked(url: str) -> Iterator[None]:
    """Somebody asks an agent again and again."""
    ended = threading.Event()

    def ask() -> None:
        body = {"model": "support", "messages": [{"role": "user", "content": "What can you do?"}]}
        with httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
            while not ended.wait(0.1):
                http.post("/v1/chat/completions", json=body)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Its breakers find out within a second that a vendor is well again."""
    found = copied(tmp_path)
    found.edit("configs/environments/local.yaml", "breaker.openSeconds: 5", "breaker.openSeconds: 1")
    return found


def promising(repo: Repo, folder: Path, page: str, server: str) -> Objectives:
    """Writes the document of the environment, with servers whose ports are known now, and returns it."""
    path = repo.root / "configs/operations/objectives.yaml"
    document = yaml.safe_load(path.read_text())
    document |= {"prometheus": {"url": server}, "receivers": {"page": [{"webhook": {"url": page}}]}}
    for one in document["objectives"]:
        one["minEvents"] = 20
    header = "# yaml-language-server: $schema=../../schemas/objectives.schema.json\n"
    path.write_text(header + yaml.safe_dump(document, sort_keys=False))
    repo.commit("servers")
    return Objectives.model_validate(document)


def checked(repo: Repo, capture: Any) -> tuple[int, dict[str, Any]]:
    """`moor objectives check local`: how it ended, and each objective by its name."""
    capture()
    with surrounded():
        code = main(["-C", str(repo.root), "--json", "objectives", "check", "local"])
    said = json.loads(capture().out)
    return code, {**said, "by": {one["name"]: one for one in said["objectives"]}}


def silenced(server: Running) -> None:
    tool("amtool", f"--alertmanager.url={server.url}", "silence", "add", "--comment=known", f"alertname={BURNS}")


def test_an_outage_fires_is_silenced_and_resolves(repo: Repo, tmp_path: Path, capsys: Any) -> None:
    folder = tmp_path / "monitoring"
    folder.mkdir()
    with phone() as (page, told):
        draft = promising(repo, folder, page, "http://127.0.0.1:1")
        files = render("local", draft, QUICK)
        with (
            alertmanager(folder, files[ALERTMANAGER]) as router,
            prometheus(folder, files[RULES], router.url) as server,
        ):
            promising(repo, folder, page, server.url)
            with up(repo):
                outage(repo, folder, server, router, told, capsys.readouterr)


def outage(repo: Repo, folder: Path, server: Running, router: Running, told: list[Any], capture: Any) -> None:
    def moor(*words: str) -> dict[str, Any]:
        capture()
        with surrounded():
            assert main(["-C", str(repo.root), "--json", *words]) == 0
        return dict(json.loads(capture().out))

    status = moor("status", "local")["environments"][0]
    url = status["url"]
    scrape(folder, status["monitor"], "local")
    with asked(url):
        well = 'sum(rate(mooring_rungs_total{rung="L0"}[5s])) > 1'
        until(lambda: server.query(well))
        assert [value for _, value in server.query("mooring_up")] == [1]
        assert {"slot", "release"} <= set(server.query("mooring_rungs_total")[0][0])
        assert BURNS not in server.firing()

        moor("simulate", "fault", "status", "--provider", "openai")
        until(lambda: BURNS in server.firing())
        until(lambda: router.told().get(BURNS) == "active")
        until(lambda: [one for one in told if one["status"] == "firing"])
        (fired,) = [alert for one in told for alert in one["alerts"] if alert["labels"]["alertname"] == BURNS][:1]
        assert fired["labels"]["severity"] == "page"
        assert "moor objectives check local" in fired["annotations"]["description"]
        code, said = checked(repo, capture)
        assert (code, said["source"], said["by"]["degradation"]["holds"]) == (1, server.url, False)
        assert said["by"]["uptime"]["holds"] is not False, "the next vendor answers"
        the_same_is_told_everywhere(repo, capture)

        silenced(router)
        until(lambda: router.told().get(BURNS) == "suppressed")

        moor("simulate", "clear")
        until(lambda: BURNS not in server.firing())
        until(lambda: BURNS not in router.told(), 90)

    server.process.terminate()
    server.process.wait(10)
    code, said = checked(repo, capture)
    assert f"{server.url} refuses connections" in said["unanswered"][0]
    assert said["source"] in ("the samples of its monitor", "what the slots counted since they began")
    assert (code, said["by"]["degradation"]["holds"]) == (1, False), "it was much too often"


def the_same_is_told_everywhere(repo: Repo, capture: Any) -> None:
    """By a patrol, by `moor status`, by the page and by the metrics that Prometheus reads: which vendor is away."""
    capture()
    with surrounded():
        assert main(["-C", str(repo.root), "--json", "patrol", "local"]) == 1
    red = [one["check"] for one in json.loads(capture().out)["checks"] if one["state"] == "alarm"]
    assert red == ["models/openai/gpt-4-1"]
    with surrounded():
        assert main(["-C", str(repo.root), "--json", "status", "local"]) == 0
    status = json.loads(capture().out)["environments"][0]
    assert [one["check"] for one in status["patrol"] if one["state"] == "alarm"] == red
    assert judge(status).state == DEGRADED
    with httpx2.Client(base_url=status["monitor"], timeout=10, trust_env=False) as http:
        until(lambda: "local is degraded" in http.get("/").text)
        assert "models/openai/gpt-4-1 is in alarm" in http.get("/").text
        until(
            lambda: 'mooring_patrol_state{check="models/openai/gpt-4-1",kind="llm-echo"} 2' in http.get("/metrics").text
        )


def test_a_release_that_degrades_is_taken_back_while_it_bakes(repo: Repo, capsys: Any) -> None:
    repo.edit(
        "configs/operations/objectives.yaml",
        "    signal: degradation\n",
        "    signal: degradation\n    minEvents: 20\n",
    )
    repo.edit("configs/environments/local.yaml", "bakeSeconds: 0.2", "bakeSeconds: 15")
    repo.edit("configs/operations/guards.yaml", "    atMost: 1\n", "    atMost: 2\n")
    repo.edit("configs/environments/local.yaml", "deadlineSeconds: 30", "deadlineSeconds: 90")
    repo.keep_suites(())  # a bake is what is looked at, and smoke suites take long while others load the machine
    with up(repo):
        capsys.readouterr()

        def moor(*words: str) -> tuple[int, dict[str, Any]]:
            capsys.readouterr()
            with surrounded():
                code = main(["-C", str(repo.root), "--json", *words])
            return code, json.loads(capsys.readouterr().out)

        _, status = moor("status", "local")
        was, url = status["environments"][0]["live"], status["environments"][0]["url"]
        moor("simulate", "fault", "status", "--provider", "anthropic")
        swapped = "L0: anthropic/claude-sonnet-4-5\n  L1: openai/gpt-4-1"
        repo.edit("configs/agents/support.yaml", "L0: openai/gpt-4-1\n  L1: anthropic/claude-sonnet-4-5", swapped)
        repo.commit("the other vendor first")
        with asked(url):
            code, said = moor("deploy", "local")
        assert (code, said["reason"]) == (1, "bake-failed"), said
        assert "runs were not answered by the first rung, where 0.01 may be" in said["message"]
        assert moor("status", "local")[1]["environments"][0]["live"] == was
