"""`/deploy why`: why the last deployment is as it is: what asked for it, how it ended, and what its requests got."""

from mooring.chat.action import Context, Notify
from mooring.chat.actions.carried import done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.actions.deploy.releases import ROLLOUTS, named, rollouts
from mooring.chat.actions.text import lasting, moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.operate.repository.remote import repository
from mooring.rollout.actions import short
from mooring.rollout.logbook import Record


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, context.environment
    with ledger(context) as book:
        found = rollouts(book, ROLLOUTS)
        if not found:
            return done(command, context, words.NEVER(language, environment=name))
        newest = found[0]
        what = named(context.root, book, newest.digest)
        facts = [(words.TO(language), what), (words.FROM(language), named(context.root, book, newest.previous))]
        commit = newest.commit or book.commit_of(name, newest.digest or "")
    facts += _facts(newest, language)
    home = repository(context.root) if commit else None
    title = words.WHY(
        language, environment=name, kind=words.kind(newest.kind, language), outcome=words.outcome(newest, language)
    )
    rows = (words.heading(language), *(_row(one, language) for one in found))
    return done(command, context, title, facts=tuple(facts), table=rows, link=f"{home}/commit/{commit}" if home else "")


def _facts(record: Record, language: Language) -> list[tuple[str, str]]:
    found = [
        (words.WHO(language), ", ".join([record.actor, *record.hands])),
        (words.AT(language), moment(record.start)),
    ]
    if record.end is not None:
        found.append((words.TOOK(language), lasting(max(1.0, record.end - record.start), language)))
    if record.reason:
        found.append((words.REASON(language), f"{record.reason}: {record.detail}" if record.detail else record.reason))
    for label, digest in ((words.PLAN, record.plan), (words.EVIDENCE, record.evidence)):
        if digest:
            found.append((label(language), short(digest)))
    if record.approved:
        found.append((words.APPROVED_BY(language), ", ".join(record.approved)))
    if record.requests:
        counts = {name: record.requests[name] for name in ("lost", "received")}
        found.append((words.REQUESTS(language), words.LOST(language, **counts)))
    if record.hotfix:
        found.append((words.HOTFIX(language), f"{record.hotfix['owner']}: {record.hotfix['reason']}"))
    return found


def _row(record: Record, language: Language) -> tuple[str, ...]:
    return (
        moment(record.start),
        words.kind(record.kind, language),
        short(record.digest or ""),
        record.actor,
        words.outcome(record, language),
    )
