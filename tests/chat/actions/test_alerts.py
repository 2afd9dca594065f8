"""A silence by chat is one of the real Alertmanager where there is one, and of the environment itself where not."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from mooring.chat.action import Context
from mooring.chat.actions.table import ACTIONS
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command
from mooring.errors import Failed, UsageError
from mooring.operate.objectives.alertmanager import alertmanager as configured
from mooring.operate.objectives.server import Asking
from mooring.operate.objectives.silences import Alertmanager
from mooring.operate.records import Records
from mooring.rollout import holds
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import locate
from mooring.timestamps import iso
from tests.chat.actions.conftest import facts
from tests.operate.objectives.document import document
from tests.operate.objectives.servers import Running, alertmanager
from tests.repository import until

ENVIRONMENT = "production"


@dataclass
class Desk:
    """Says commands about an environment whose live release promises something."""

    root: Path
    promised: Any

    def context(self) -> Context:
        release = SimpleNamespace(digest="sha256:a", content=SimpleNamespace(promised=self.promised))
        target: Any = SimpleNamespace(live=lambda: release)
        records = Records(self.root, self.root / "state", ENVIRONMENT)
        place = (self.root, self.root / "state", ENVIRONMENT, target, records, None)
        return Context(*place, "alice", "discord", "en", lambda _command: True)

    def said(self, name: str, language: Any = "en", **arguments: str) -> Answer:
        return ACTIONS[name].run(Command(name, arguments, language), self.context(), print)

    def asked(self, name: str, **arguments: str) -> Any:
        return ACTIONS[name].preview(Command(name, arguments), self.context())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    location = locate(tmp_path, SimpleNamespace(name=ENVIRONMENT, database=None), tmp_path / "state")  # type: ignore[arg-type]
    opened = Ledger(location)
    opened.entries(1)
    location.remember()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with alertmanager(tmp_path_factory.mktemp("alertmanager"), configured(ENVIRONMENT, document())) as running:
        yield running


def fire(server: Running, name: str, environment: str = ENVIRONMENT) -> None:
    labels = {"alertname": name, "environment": environment, "severity": "page"}
    alert = {"labels": labels, "annotations": {"summary": f"{environment} is slow"}, "startsAt": iso(time.time() - 120)}
    httpx2.post(f"{server.url}/api/v2/alerts", json=[alert], timeout=10, trust_env=False).raise_for_status()


def test_a_silence_is_in_alertmanager_with_who_and_why_for_this_environment_alone(
    server: Running, ledger: Ledger, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, document(alertmanager={"url": server.url}))
    fire(server, "MooringSlow")
    fire(server, "MooringOther", "staging")
    [heading, row] = until(lambda: desk.said("alert list").table)
    assert heading == ("Severity", "Alert", "What", "Since", "Told")
    assert row == ("page", "MooringSlow", "production is slow", "2 min ago", "told")

    asked = desk.asked("alert silence", minutes="30", reason="known")
    assert asked.answer.title == "Silence the alerts of production for 30 min?"
    answer = desk.said("alert silence", minutes="30", reason="known")
    assert (answer.stage, answer.title) == (Stage.DONE, "The alerts of production are silent for 30 min")
    [silence] = server.get("/api/v2/silences")
    assert silence["createdBy"] == "alice@discord"
    assert silence["comment"] == 'known (/alert silence 30 "known", alice@discord)'
    assert silence["matchers"] == [{"isEqual": True, "isRegex": False, "name": "environment", "value": "production"}]
    assert silence["id"] in facts(answer)["Where"]
    until(lambda: server.told() == {"MooringSlow": "suppressed", "MooringOther": "active"})
    told = desk.said("alert list", "zh-CN")
    assert told.title == "production：1 条告警"
    assert told.table[1][4] == "已静默"
    assert facts(told)["静默"].startswith("由 alice@discord 设置，至 ")
    assert desk.asked("alert silence", minutes="30", reason="known").digest != asked.digest
    held = holds.silenced(ledger, ENVIRONMENT)
    assert held
    assert (held.id, held.owner, held.reason) == (silence["id"], "alice@discord", "known")


@pytest.mark.slow
def test_a_silence_of_alertmanager_ends_by_itself(server: Running) -> None:
    mine = Alertmanager(Asking(server.url), "testing")
    fire(server, "MooringBrief", "testing")
    now = time.time()
    mine.silence(now, now + 4, "ann@slack", "for a moment")
    until(lambda: mine.firing() and mine.firing()[0].silenced)
    until(lambda: not mine.firing()[0].silenced)


def test_where_alertmanager_does_not_answer_nothing_is_silent(ledger: Ledger, tmp_path: Path) -> None:
    desk = Desk(tmp_path, document(alertmanager={"url": "http://127.0.0.1:9"}))
    with pytest.raises(Failed):
        desk.said("alert silence", minutes="30")
    assert holds.silenced(ledger, ENVIRONMENT) is None


def test_what_alertmanager_refuses_is_said(server: Running) -> None:
    mine = Alertmanager(Asking(server.url), "testing")
    with pytest.raises(Failed, match="refused"):
        mine.silence(time.time(), time.time() - 60, "ann@slack", "it is over already")


def test_without_an_alertmanager_the_environment_keeps_the_silence(ledger: Ledger, tmp_path: Path) -> None:
    desk = Desk(tmp_path, document())
    answer = desk.said("alert silence", minutes="240")
    assert facts(answer)["Where"] == "this environment alone: no Alertmanager is named"
    held = holds.silenced(ledger, ENVIRONMENT)
    assert held
    assert held.owner == "alice@discord"
    told = desk.said("alert list")
    assert (told.title, told.table) == ("production: no alerts", ())
    assert "Silent" in facts(told)


def test_a_silence_is_no_longer_than_the_cap(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="241 minutes are too long: 240 at most"):
        Desk(tmp_path, document()).asked("alert silence", minutes="241")
