"""What is the case now: objectives that are missed, dependencies in trouble, drift, and jobs that are late."""

from collections.abc import Iterator, Sequence
from typing import Any

from mooring.chat.actions.text import moment
from mooring.chat.alerts import words
from mooring.chat.alerts.incident import Incident, Severity
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Language
from mooring.spec import Objectives
from mooring.timestamps import seconds

SHOWN = 12
"""Fields that drifted of which an alert tells by name."""

PATROLLED: dict[str, Severity] = {"alarm": "ticket", "unknown": "ticket", "warn": "info"}


def objectives(
    environment: str, standings: Sequence[dict[str, Any]], promised: Objectives, language: Language
) -> Iterator[Incident]:
    """Promises that are not kept over their window, with the severity that the document gives them."""
    known = {one.name: one for one in promised.objectives}
    for one in standings:
        objective = known.get(one["name"])
        if one["holds"] is not False or objective is None:
            continue
        facts = [
            (words.VALUE(language), _number(one["value"], one["unit"])),
            (words.TARGET(language), f"{'≥' if one['at_least'] else '≤'} {_number(one['target'], one['unit'])}"),
            (words.WINDOW(language), objective.window),
        ]
        if one["budget"] is not None:
            facts.append((words.BUDGET(language), f"{one['budget']:.0%}"))
        title = words.MISSED(language, environment=environment, name=one["name"])
        yield _alarm(f"objective/{one['name']}", objective.severity, title, facts, language)


def patrol(environment: str, checks: Sequence[dict[str, Any]], language: Language) -> Iterator[Incident]:
    """Checks that do not stand at ok."""
    for one in checks:
        if (text := words.PATROL.get(one["state"])) is None:
            continue
        title = text(language, environment=environment, check=one["check"])
        facts = [(words.DETAIL(language), one["detail"])] if one["detail"] else []
        facts.append((words.SINCE(language), moment(seconds(one["since"]))))
        yield _alarm(f"patrol/{one['check']}", PATROLLED[one["state"]], title, facts, language)


def drift(environment: str, known: dict[str, Any] | None, language: Language) -> Iterator[Incident]:
    """Where what runs is not what git says."""
    if not known or not known["fields"]:
        return
    fields = known["fields"]
    more = f" … +{len(fields) - SHOWN}" if len(fields) > SHOWN else ""
    facts = [(words.FIELDS(language), ", ".join(fields[:SHOWN]) + more)]
    title = words.DRIFT(language, environment=environment)
    yield _alarm("drift/fields", "ticket", title, facts, language)


def jobs(environment: str, known: Sequence[dict[str, Any]], language: Language) -> Iterator[Incident]:
    """Scheduled jobs that have not reported."""
    for job in known:
        if job["late"]:
            last = moment(job["reported"]) if job["reported"] else words.NEVER(language)
            title = words.LATE(language, environment=environment, job=job["job"])
            yield _alarm(f"job/{job['job']}", "ticket", title, [(words.REPORTED(language), last)], language)


def _alarm(key: str, severity: Severity, title: str, facts: Sequence[tuple[str, str]], language: Language) -> Incident:
    return Incident(key, severity, Answer(Stage.ALERT, title, tuple(facts), language=language), alarm=True)


def _number(value: float | None, unit: str) -> str:
    """With as many digits as tell something: what moves less is not worth an edit."""
    if value is None:
        return "-"
    return f"{value:.2%}" if unit == "share" else f"{value:.3g} {unit}"
