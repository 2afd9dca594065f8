"""What alerts say, of what is the case and of what has happened, in both languages."""

from typing import Any

import pytest

from mooring.chat.alerts import conditions, events
from mooring.chat.answer import Stage
from mooring.chat.command import Language
from mooring.rollout.logbook import Record
from mooring.spec import Objectives
from mooring.state.records.holds import Hold

DIGEST, BEFORE = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def promised() -> Objectives:
    head = {"apiVersion": "mooring/v1", "kind": "Objectives", "name": "objectives", "version": "1.0.0"}
    one = {"name": "uptime", "signal": "uptime", "atLeast": 0.999, "window": "1h", "severity": "page"}
    two = {"name": "speed", "signal": "p99-seconds", "atMost": 3, "window": "1h", "severity": "ticket"}
    data = {**head, "description": "What is promised.", "owner": "@acme/agents", "objectives": [one, two]}
    return Objectives.model_validate(data)


def standing(name: str, **more: Any) -> dict[str, Any]:
    usual = {"value": 0.98, "target": 0.999, "holds": False, "budget": 0.0, "at_least": True, "unit": "share"}
    return {"name": name, **usual, **more}


def record(**more: Any) -> Record:
    usual: dict[str, Any] = {"kind": "deploy", "start": 100.0, "end": 112.0, "actor": "anna", "outcome": "done"}
    usual |= {"first": 7, "last": 12, "digest": DIGEST, "previous": BEFORE}
    return Record(**{**usual, **more})


def test_a_missed_objective_has_the_severity_of_its_document_and_one_that_is_kept_is_none() -> None:
    told = [
        standing("uptime"),
        standing("speed", value=4.2, target=3.0, at_least=False, unit="s", budget=None),
        standing("kept", holds=True),
    ]
    first, second = conditions.objectives("local", told, promised(), "en")
    assert (first.key, first.severity, first.alarm) == ("objective/uptime", "page", True)
    assert first.answer.title == "local: objective uptime is missed"
    assert dict(first.answer.facts)["Promised"] == "≥ 99.90%"
    assert (second.severity, dict(second.answer.facts)["Value"]) == ("ticket", "4.2 s")
    unknown = [standing("uptime", holds=None), standing("uptime", holds=True)]
    assert list(conditions.objectives("local", unknown, promised(), "en")) == []


@pytest.mark.parametrize(
    ("state", "severity", "title"),
    [
        ("alarm", "ticket", "local: redis is in alarm"),
        ("unknown", "ticket", "local: redis cannot be looked at"),
        ("warn", "info", "local: redis is near its limit"),
    ],
)
def test_a_check_of_the_patrol_that_is_not_ok_is_told(state: str, severity: str, title: str) -> None:
    check = {"check": "redis", "state": state, "detail": "it takes 2 s", "since": "2027-01-15T08:00:00Z"}
    (found,) = conditions.patrol("local", [check, {**check, "state": "ok"}], "en")
    assert (found.severity, found.answer.title) == (severity, title)
    assert ("Finding", "it takes 2 s") in found.answer.facts


def test_drift_names_its_fields_and_not_all_of_hundreds() -> None:
    fields = [f"model/one.options.{number}" for number in range(100)]
    (found,) = conditions.drift("local", {"fields": fields}, "en")
    assert found.answer.facts[0][1].endswith("… +88")
    assert list(conditions.drift("local", {"fields": []}, "en")) == []
    assert list(conditions.drift("local", None, "en")) == []


def test_a_job_that_is_late_is_told_with_its_last_report() -> None:
    known = [{"job": "patrol", "late": True, "reported": None}, {"job": "drift", "late": False, "reported": 1.0}]
    (found,) = conditions.jobs("local", known, "zh-CN")
    assert found.answer.title == "local：定时任务 patrol 逾期未报告"
    assert found.answer.facts == (("上次报告", "从未"),)


@pytest.mark.parametrize(
    ("kind", "outcome", "severity", "stage"),
    [
        ("deploy", "under-way", "info", Stage.RUNNING),
        ("deploy", "done", "info", Stage.DONE),
        ("deploy", "aborted", "ticket", Stage.FAILED),
        ("deploy", "taken-back", "page", Stage.FAILED),
        ("rollback", "kept", "page", Stage.FAILED),
        ("rollback", "done", "ticket", Stage.DONE),
        ("hotfix", "done", "info", Stage.DONE),
        ("return", "done", "info", Stage.DONE),
    ],
)
def test_a_rollout_is_as_severe_as_it_ended(kind: str, outcome: str, severity: str, stage: Stage) -> None:
    one = record(kind=kind, outcome=outcome, end=None if outcome == "under-way" else 112.0)
    (found,) = events.rollouts("local", [one], "en")
    assert (found.key, found.severity, found.answer.stage) == ("rollout/7", severity, stage)
    assert "anna" in found.answer.title
    assert dict(found.answer.facts)["Before → after"] == "bbbbbbbbbbbb → aaaaaaaaaaaa"


def test_what_changed_nothing_is_not_told() -> None:
    assert list(events.rollouts("local", [record(outcome="no-op"), record(kind="drift")], "en")) == []


def test_a_hotfix_says_what_it_changed_and_why() -> None:
    fix = {"kind": "model", "name": "one", "values": {"options.temperature": 0}, "reason": "it was too lively"}
    (found,) = events.rollouts("local", [record(kind="hotfix", hotfix=fix)], "en")
    assert ("Fields", "model/one options.temperature=0") in found.answer.facts
    assert ("Reason", "it was too lively") in found.answer.facts


@pytest.mark.parametrize(
    ("language", "title", "by"),
    [
        ("en", "local: the lock of anna is over; deployments go out again", "its time was over"),
        ("zh-CN", "local：anna 的部署锁已结束，可以部署", "到期自动结束"),
    ],
)
def test_a_lock_whose_time_is_over_is_announced(language: Language, title: str, by: str) -> None:
    hold = Hold("1", "lock", "local", "anna", "a migration", 0.0, 60.0)
    (found,) = events.holds("local", [hold], language)
    assert (found.answer.title, found.answer.facts[-1][1]) == (title, by)
    assert found.over
