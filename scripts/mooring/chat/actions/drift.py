"""`/drift`: where git, what was deployed and what runs differ, in short; noted in the ledger as `moor drift` does.

At a door without a repository, what the last look at it noted.
"""

import time
from itertools import islice

from mooring.chat.action import Context, Notify
from mooring.chat.actions import words
from mooring.chat.actions.carried import actor, done, has_repository, ledger
from mooring.chat.actions.text import ago
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.operate import recent
from mooring.operate.drift.difference import Difference
from mooring.operate.drift.look import look, remember
from mooring.rollout.actions import short
from mooring.rollout.notes import SEEN

MOST = 15
"""Differences that are shown."""


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, context.environment
    if not has_repository(context):
        return _last_look(command, context)
    with ledger(context) as book:
        report = look(context.root, name, None, context.target, book)
        remember(book, name, actor(context), SEEN, [one.key for one in report.differences])
    if not report.certain:
        title = words.DRIFT_UNKNOWN(language, environment=name)
    elif not report.differences:
        title = words.NO_DRIFT(language, environment=name, ref=report.git.ref)
    else:
        title = words.DRIFT(language, environment=name, count=len(report.differences), open=len(report.open))
    facts = [
        ("Git", f"{short(report.git.release.digest)} ({report.git.ref}, {report.git.commit[:12]})"),
        (words.DEPLOYED(language), short(report.deployed.digest) if report.deployed else "-"),
    ]
    if report.unknown:
        facts.append((words.UNKNOWN(language), report.unknown))
    rows = [_row(one, time.time(), language) for one in report.differences[:MOST]]
    table = (words.drift_heading(language), *rows) if rows else ()
    return done(command, context, title, facts=tuple(facts), table=table)


def _last_look(command: Command, context: Context) -> Answer:
    language, name = command.language, context.environment
    with ledger(context) as book:
        known = recent.drift(book, name, list(islice(book.backward(name, recent.READ), recent.READ)))
    how = (words.HOW(language), f"moor drift {name}")
    if known is None:
        return done(command, context, words.NEVER_LOOKED(language, environment=name), facts=(how,))
    title = words.DRIFT_ELSEWHERE(language, environment=name, count=len(known["fields"]))
    facts = ((words.LOOKED(language), ago(known["checked"], time.time(), language)), how)
    return done(command, context, title, facts=facts, log=tuple(known["fields"][:MOST]))


def _row(one: Difference, now: float, language: Language) -> tuple[str, ...]:
    since = ago(one.since, now, language) if one.since is not None else words.JUST_NOW(language)
    answered = words.ANSWERS[one.answer.what](language) if one.answer.what in words.ANSWERS else one.answer.what
    return str(one.data()["text"]), one.who, since, answered
