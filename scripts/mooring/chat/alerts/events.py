"""What happens to an environment: rollouts and how they ended, and locks and silences whose end came."""

from collections.abc import Iterable, Iterator

from mooring.chat.alerts import words
from mooring.chat.alerts.incident import Incident, Severity
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Language
from mooring.report.receipt import short
from mooring.rollout.logbook import ABORTED, DONE, KEPT, NOTHING, TAKEN_BACK, UNDER_WAY, Record
from mooring.state.records.holds import Hold

SEVERE: dict[str, Severity] = {UNDER_WAY: "info", DONE: "info", ABORTED: "ticket", TAKEN_BACK: "page", KEPT: "page"}
"""A rollback that worked is a ticket: something was wrong before."""


def rollouts(environment: str, records: Iterable[Record], language: Language) -> Iterator[Incident]:
    """Deployments, rollbacks and hotfixes, each from its begin to its end. One that changed nothing is none."""
    for record in records:
        text = words.ROLLOUT.get(record.kind)
        if text is None or record.outcome == NOTHING or record.outcome not in SEVERE:
            continue
        severity = "ticket" if (record.kind, record.outcome) == ("rollback", DONE) else SEVERE[record.outcome]
        about = {"environment": environment, "release": short(record.digest), "actor": record.actor}
        answer = Answer(
            _stage(record),
            words.TOLD(language, what=text(language, **about), outcome=words.OUTCOME[record.outcome](language)),
            tuple(_facts(record, language)),
            who=record.actor,
            seconds=record.end - record.start if record.end else None,
            language=language,
        )
        yield Incident(f"rollout/{record.first}", severity, answer)


def holds(environment: str, ended: Iterable[Hold], language: Language) -> Iterator[Incident]:
    """Locks and silences that are over."""
    for hold in ended:
        title = words.HOLD[hold.kind](language, environment=environment, owner=hold.owner)
        facts = [(words.REASON(language), hold.reason)] if hold.reason else []
        facts.append((words.ENDED_BY(language), hold.ended or words.ITSELF(language)))
        yield Incident(key_of(hold), "info", Answer(Stage.RESOLVED, title, tuple(facts), language=language))


def key_of(hold: Hold) -> str:
    """The incident that its end is."""
    return f"hold/{hold.id}"


def _stage(record: Record) -> Stage:
    if record.end is None:
        return Stage.RUNNING
    return Stage.FAILED if record.failed else Stage.DONE


def _facts(record: Record, language: Language) -> Iterator[tuple[str, str]]:
    if record.previous and record.digest and record.previous != record.digest:
        yield words.CHANGED(language), f"{short(record.previous)} → {short(record.digest)}"
    if record.reason or record.detail:
        yield words.WHY(language), ": ".join(filter(None, (str(record.reason or ""), record.detail)))
    if record.requests:
        yield words.REQUESTS(language), f"{record.requests['lost']:,} / {record.requests['received']:,}"
    if record.hotfix:
        values = ", ".join(f"{path}={value}" for path, value in record.hotfix["values"].items())
        yield words.FIELDS(language), f"{record.hotfix['kind']}/{record.hotfix['name']} {values}"
        yield words.REASON(language), str(record.hotfix["reason"])
