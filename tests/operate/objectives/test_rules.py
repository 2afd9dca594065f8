"""Prometheus' own tools on what is rendered: every alert fires, does not flap, and resolves."""

from pathlib import Path
from typing import Any

import pytest

from mooring.operate.objectives.rules import rules
from mooring.operate.objectives.text import document as written
from mooring.rollout.objectives.signals import Share, measure_of
from mooring.spec.objectives import Objective
from tests.operate.objectives.document import ENVIRONMENT, document, objective
from tests.operate.objectives.promtool import run_rules, tool
from tests.operate.objectives.scenarios import Times, flickering, of_alert, series, sparse, starting

Rule = dict[str, Any]


def alerts_of(promised: Objective) -> list[Rule]:
    data = rules(ENVIRONMENT, document(promised.model_dump(mode="json")))
    return [rule for group in data["groups"] for rule in group["rules"] if "alert" in rule]


ALERTS = [(one, alert) for one in document().objectives for alert in alerts_of(one)]
SHARES = [one for one in document().objectives if isinstance(measure_of(one), Share)]


def rules_of(promised: Objective) -> str:
    return written(ENVIRONMENT, rules(ENVIRONMENT, document(promised.model_dump(mode="json"))))


def expects(expr: str, at: str, value: float) -> Rule:
    return {"expr": expr, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}


def firing(name: str) -> str:
    return f'ALERTS{{alertname="{name}",alertstate="firing"}}'


def gaps(name: str, times: Times) -> str:
    """How often an alert was not firing between the first and the last time that it was."""
    fires, whole, step = firing(name), times.minutes(times.end), f"{times.step}s"
    last, first = (f"{of}_over_time(timestamp({fires})[{whole}:{step}])" for of in ("max", "min"))
    return f"sum((({last} - {first}) / {times.step} + 1) - count_over_time({fires}[{whole}:{step}]))"


@pytest.mark.slow
@pytest.mark.parametrize(("promised", "alert"), ALERTS, ids=[f"{one.name}-{alert['alert']}" for one, alert in ALERTS])
def test_an_alert_fires_does_not_flap_and_resolves(promised: Objective, alert: Rule, tmp_path: Path) -> None:
    times, scraped = of_alert(promised, alert)
    count = f"count({firing(alert['alert'])}) or vector(0)"
    step = f"{times.step}s"
    checks = [
        expects(count, times.minutes(times.broken - 1), 0),
        expects(count, times.minutes(times.healed), 1),
        expects(count, times.minutes(times.over), 0),
        expects(count, times.minutes(times.end), 0),
        expects(gaps(alert["alert"], times), times.minutes(times.end), 0),
    ]
    test = {"interval": step, "input_series": scraped, "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), times.step, [test])


@pytest.mark.slow
@pytest.mark.parametrize("promised", [one for one in SHARES if one.severity == "page"], ids=lambda one: one.name)
def test_an_alert_does_not_come_and_go_with_a_cause_that_does(promised: Objective, tmp_path: Path) -> None:
    times = Times(60, 60, 60 + 180, 60 + 180 + 60, 60 + 180 + 70)
    fast = next(alert["alert"] for alert in alerts_of(promised) if alert["alert"].endswith("BurnsFast"))
    whole = times.minutes(times.end)
    first = f"min_over_time(timestamp({firing(fast)})[{whole}:1m])"
    began = f"max(ceil({first} / 60)) < bool {times.broken + 60}"
    still = f"sum(count_over_time({firing(fast)}[{whole}:1m])) > bool {times.healed - times.broken - 60}"
    checks = [
        expects(began, times.minutes(times.end), 1),
        expects(still, times.minutes(times.end), 1),
        expects(gaps(fast, times), times.minutes(times.end), 0),
        expects(f"count({firing(fast)}) or vector(0)", times.minutes(times.over), 0),
    ]
    test = {"interval": "1m", "input_series": flickering(promised, times), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 60, [test])


def test_every_alert_of_the_document_is_among_those_tested() -> None:
    data = rules(ENVIRONMENT, document())
    rendered = {rule["alert"] for group in data["groups"] for rule in group["rules"] if "alert" in rule}
    assert {alert["alert"] for _, alert in ALERTS} == rendered
    assert len(rendered) == 13


@pytest.mark.slow
@pytest.mark.parametrize("promised", SHARES, ids=lambda one: one.name)
@pytest.mark.parametrize(("bad", "total"), [(1, 20), (20, 20), (1, 60)])
def test_a_failure_among_a_few_events_tells_nobody(promised: Objective, bad: int, total: int, tmp_path: Path) -> None:
    names = [alert["alert"] for alert in alerts_of(promised)]
    count = f'count(ALERTS{{alertname=~"{"|".join(names)}"}}) or vector(0)'
    checks = [expects(count, f"{minute}m", 0) for minute in range(31, 180, 4)]
    test = {"interval": "1m", "input_series": sparse(promised, bad, total, 120), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 60, [test])


@pytest.mark.slow
@pytest.mark.parametrize(("least", "severity"), [(0.99, "page"), (0.995, "page"), (0.995, "ticket"), (0.999, "page")])
def test_a_cold_start_burns_no_budget(least: float, severity: str, tmp_path: Path) -> None:
    """Two looks at an environment that starts, with nothing known of it before."""
    promised = objective("uptime").model_copy(update={"at_least": least, "severity": severity})
    count = 'count(ALERTS{alertname=~"MooringUptimeBurns.*"}) or vector(0)'
    checks = [expects(count, f"{minute}m", 0) for minute in (*range(90), *range(90, 480, 13))]
    test = {"interval": "1m", "input_series": starting(2, 60 * 8), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 60, [test])


@pytest.mark.slow
@pytest.mark.parametrize("least", [0.99, 0.995, 0.9999])
def test_who_is_down_again_and_again_is_told_of_soon_after_the_first_look(least: float, tmp_path: Path) -> None:
    promised = objective("uptime").model_copy(update={"at_least": least})
    count = f"count({firing('MooringUptimeBurnsFast')}) or vector(0)"
    checks = [expects(count, f"{minute}m", 1) for minute in (55, 60, 90)]
    test = {"interval": "1m", "input_series": starting(0, 60 * 2, "1 0 " * 120), "promql_expr_test": checks}
    run_rules(tmp_path, rules_of(promised), 60, [test])


@pytest.mark.slow
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


@pytest.mark.slow
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
    (tmp_path / "rules.yaml").write_text(written(ENVIRONMENT, rules(ENVIRONMENT, document())))
    assert "SUCCESS" in tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", str(tmp_path / "rules.yaml"))
