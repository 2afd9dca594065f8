"""Prometheus' own tools on what is rendered: every alert fires, does not flap, and resolves."""

from pathlib import Path
from typing import Any

import pytest

from mooring.operate.objectives import rules as rendering
from mooring.rollout.objectives.signals import Share, measure_of
from mooring.spec.objectives import Objective
from tests.operate.objectives.document import ENVIRONMENT, document, objective
from tests.operate.objectives.promtool import run_rules, tool
from tests.operate.objectives.scenarios import Times, of_alert, series, sparse

Rule = dict[str, Any]


def alerts_of(promised: Objective) -> list[Rule]:
    data = rendering.data(ENVIRONMENT, document(promised.model_dump(mode="json")))
    return [rule for group in data["groups"] for rule in group["rules"] if "alert" in rule]


ALERTS = [(one, alert) for one in document().objectives for alert in alerts_of(one)]
SHARES = [one for one in document().objectives if isinstance(measure_of(one), Share)]


def rules_of(promised: Objective) -> str:
    return rendering.rules(ENVIRONMENT, document(promised.model_dump(mode="json")))


def expects(expr: str, at: str, value: float) -> Rule:
    return {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}


def firing(name: str) -> str:
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


@pytest.mark.parametrize(("promised", "alert"), ALERTS, ids=[f"{one.name}-{alert['alert']}" for one, alert in ALERTS])
def test_an_alert_fires_does_not_flap_and_resolves(promised: Objective, alert: Rule, tmp_path: Path) -> None:
    times, scraped = of_alert(promised, alert)
    fires, count = firing(alert["alert"]), f"count({firing(alert['alert'])}) or vector(0)"
    whole, step = times.minutes(times.end), f"{times.step}s"
    last, first = (f"{of}_over_time(timestamp({fires})[{whole}:{step}])" for of in ("max", "min"))
    gaps = f"sum((({last} - {first}) / {times.step} + 1) - count_over_time({fires}[{whole}:{step}]))"
    checks = [
        expects(count, times.minutes(times.broken - 1), 0),
        expects(count, times.minutes(times.healed), 1),
        expects(count, times.minutes(times.over), 0),
        expects(count, times.minutes(times.end), 0),
        expects(gaps, times.minutes(times.end), 0),
    ]
    test = {"interval": step, "input_series": scraped, "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), times.step, [test])


def test_every_alert_of_the_document_is_among_those_tested() -> None:
    data = rendering.data(ENVIRONMENT, document())
    rendered = {rule["alert"] for group in data["groups"] for rule in group["rules"] if "alert" in rule}
    assert {alert["alert"] for _, alert in ALERTS} == rendered
    assert len(rendered) == 13


@pytest.mark.parametrize("promised", SHARES, ids=lambda one: one.name)
@pytest.mark.parametrize(("bad", "total"), [(1, 20), (20, 20), (1, 60)])
def test_a_failure_among_a_few_events_tells_nobody(promised: Objective, bad: int, total: int, tmp_path: Path) -> None:
    names = [alert["alert"] for alert in alerts_of(promised)]
    count = f'count(ALERTS{{alertname=~"{"|".join(names)}"}}) or vector(0)'
    checks = [expects(count, f"{minute}m", 0) for minute in range(31, 180, 4)]
    test = {"interval": "1m", "input_series": sparse(promised, bad, total, 120), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 60, [test])


def test_an_alert_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    promised = objective("uptime")
    fast = next(alert for alert in alerts_of(promised) if alert["alert"] == "MooringUptimeBurnsFast")
    times, scraped = of_alert(promised, fast)
    said = {
        "summary": "production: the error budget of uptime is spent at least 6 times as fast as it may",
        "description": "100% is bad, of which 0.005 may be over 30d. moor objectives check production has the "
        "numbers, moor status production what runs.",
    }
    labels = {"severity": "page", "environment": "production", "objective": "uptime", "of": "requests"}
    check = {
        "alertname": "MooringUptimeBurnsFast",
        "eval_time": times.minutes(times.healed - 1),
        "exp_alerts": [{"exp_labels": labels, "exp_annotations": said}],
    }
    test = {"interval": "1m", "input_series": scraped, "alert_rule_test": [check]}
    run_rules(tmp_path, rules_of(promised), 60, [test])


def test_an_error_budget_is_what_is_left_of_it(tmp_path: Path) -> None:
    promised = objective("degradation")
    times = Times(300, 12 * 20, 12 * 20 + 1, 0, 12 * 26)
    left = 'objective:mooring_budget:left{objective="degradation"}'
    checks = [
        expects(f"round(sum({left}), 0.01)", times.minutes(times.broken - 1), 1),
        expects(f"round(sum({left}), 0.1)", times.minutes(times.end), 0.7),
    ]
    test = {"interval": "5m", "input_series": series(promised, times), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 300, [test])


def test_the_rules_are_rules_of_prometheus(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rendering.rules(ENVIRONMENT, document()))
    assert "SUCCESS" in tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", str(tmp_path / "rules.yaml"))
