"""What is rendered: the same files for the same promises, expressions that find something, and routes to somebody."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import Failed
from mooring.metrics import METRICS
from mooring.operate.objectives import dashboard, expressions, render
from mooring.operate.objectives.dashboard import uid
from mooring.outcome import Reason
from tests.operate.objectives.document import ENVIRONMENT, PROMISES, document
from tests.operate.objectives.promtool import tool

TOLD = {
    "page": [
        {"pagerduty": {"routingKeyFile": "file:/etc/mooring/pagerduty-key"}},
        {"webhook": {"url": "http://127.0.0.1:9095/page", "tokenFile": "file:/etc/mooring/chat-token"}},
    ],
    "ticket": [{"slack": {"channel": "#agents", "urlFile": "file:/etc/mooring/slack-url"}}],
}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return render.render(ENVIRONMENT, document(receivers=TOLD))


@pytest.mark.parametrize("name", [render.RULES, render.ALERTMANAGER, render.DASHBOARD])
def test_a_file_is_what_it_was(files: dict[str, str], name: str, golden: Any) -> None:
    golden(f"objectives/{name}", files[name])


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({"severity": "page", "alertname": "MooringDown"}, "page"),
        ({"severity": "ticket", "alertname": "MooringUptimeBurns"}, "ticket"),
        ({"alertname": "SomebodyElses"}, "ticket"),
    ],
)
def test_alerts_go_to_whom_their_severity_says(
    files: dict[str, str], labels: dict[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "alertmanager.yaml").write_text(files[render.ALERTMANAGER])
    config = f"--config.file={tmp_path / 'alertmanager.yaml'}"
    assert "SUCCESS" in tool("amtool", "check-config", str(tmp_path / "alertmanager.yaml"))
    found = tool("amtool", "config", "routes", "test", config, *(f"{key}={value}" for key, value in labels.items()))
    assert found.split("\n")[0] == told


def test_without_receivers_there_is_a_route_that_tells_nobody(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yaml").write_text(render.render(ENVIRONMENT, document())[render.ALERTMANAGER])
    assert "SUCCESS" in tool("amtool", "check-config", str(tmp_path / "alertmanager.yaml"))


def test_keys_are_in_files_and_nowhere_else(files: dict[str, str]) -> None:
    receivers = yaml.safe_load(files[render.ALERTMANAGER])["receivers"]
    page = next(one for one in receivers if one["name"] == "page")
    assert page["pagerduty_configs"][0]["routing_key_file"] == "/etc/mooring/pagerduty-key"
    secret = page["webhook_configs"][0]["http_config"]["authorization"]
    assert secret == {"type": "Bearer", "credentials_file": "/etc/mooring/chat-token"}


def test_a_dashboard_has_units_known_variables_and_an_address_that_stays(files: dict[str, str]) -> None:
    shown = json.loads(files[render.DASHBOARD])
    panels = [panel for panel in shown["panels"] if panel["type"] != "row"]
    assert shown["uid"] == "mooring-production"
    assert [panel["title"] for panel in panels if not panel["fieldConfig"]["defaults"].get("unit")] == []
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert [variable["name"] for variable in shown["templating"]["list"]] == ["datasource"]
    assert {one["name"] for one in PROMISES} <= {panel["title"] for panel in panels}
    assert all(panel["targets"] for panel in panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in shown["panels"]]
    assert len(set(places)) == len(places), "no panel lies on another"


def test_the_address_of_a_dashboard_fits_whatever_the_environment_is_called() -> None:
    names = ["production", "eu/production", "eu-production", "a" * 60, "a" * 61]
    assert len({uid(name) for name in names}) == len(names)
    assert all(len(uid(name)) <= 40 for name in names)


@pytest.mark.parametrize(
    ("expr", "wrong"),
    [
        ("sum(rate(mooring_requests_total[5m]", "unclosed left parenthesis"),
        ("sum(rate(mooring_request_total[5m]))", "there is no metric 'mooring_request_total'"),
        ('mooring_rungs_total{rungs="L0"}', "mooring_rungs_total has no label 'rungs'"),
        ("histogram_quantile(0.9, rate(mooring_context_ratio[5m]))", "there is no metric 'mooring_context_ratio'"),
        ("max_over_time(rate(gone[5m])[1h:1m]) > 1 and on() vector(1)", "there is no metric 'gone'"),
    ],
)
def test_an_expression_that_would_find_nothing_is_refused(expr: str, wrong: str) -> None:
    (found,) = expressions.wrongs(expr, expressions.SERIES)
    assert wrong in found


def test_a_rendering_with_a_wrong_expression_does_not_get_out(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: labels for name, labels in expressions.SERIES.items() if name != "mooring_up"}
    monkeypatch.setattr(expressions, "SERIES", known)
    with pytest.raises(Failed, match="there is no metric 'mooring_up'") as failed:
        render.render(ENVIRONMENT, document())
    assert failed.value.reason is Reason.FINDINGS


def test_every_metric_is_lower_case_and_counters_say_no_total() -> None:
    assert [name for name in METRICS if not name.islower() or name.endswith("_total")] == []


def test_what_was_written_is_written_once_and_found_when_it_was_edited(files: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "to" / "here"
    assert render.write(files, folder) == list(files)
    assert render.write(files, folder) == []
    (folder / render.RULES).write_text("groups: []\n")
    assert render.differing(files, folder) == [render.RULES]
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)


def test_a_folder_that_cannot_be_written_to_is_said(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="cannot write to"):
        render.write(files, tmp_path / "file")


def test_a_dashboard_is_the_same_at_every_rendering() -> None:
    assert dashboard.dashboard(ENVIRONMENT, document()) == dashboard.dashboard(ENVIRONMENT, document())
