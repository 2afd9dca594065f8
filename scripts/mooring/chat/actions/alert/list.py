"""`/alert list`: what fires now, by the Alertmanager or by what the environment knows of itself, and what is silent."""

import time
from collections.abc import Iterator

from mooring.chat.action import Context, Notify
from mooring.chat.actions.alert import words
from mooring.chat.actions.alert.monitoring import alertmanager
from mooring.chat.actions.carried import done, ledger
from mooring.chat.actions.text import ago
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.errors import Failed
from mooring.operate.objectives.standing import Standings
from mooring.operate.status import read_patrol
from mooring.outcome import Reason
from mooring.rollout import holds
from mooring.state.unavailable import Unavailable
from mooring.timestamps import seconds

MOST = 20
"""Alerts that are shown."""

ALARM = "alarm"
"""The state of a check of the patrol that fails."""


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, there = command.language, alertmanager(context)
    rows: list[tuple[str, ...]]
    if there is not None:
        rows = [
            (one.severity, one.name, one.summary, ago(one.since, time.time(), language), _told(one.silenced, language))
            for one in there.firing()
        ]
    else:
        try:
            rows = list(_known(context, language))
        except Unavailable as error:
            raise Failed(Reason.STORAGE, f"cannot read what is known of {context.environment}: {error}") from None
    with ledger(context) as book:
        silent = holds.silences(book, context.environment)
    facts = [(words.WHERE(language), there.server.url if there else words.HERE(language))]
    facts += [(words.SILENT(language), words.held(one, language)) for one in silent]
    title = (words.FIRING if rows else words.CALM)(language, environment=context.environment, count=len(rows))
    table = (words.heading(language), *rows[:MOST]) if rows else ()
    return done(command, context, title, facts=tuple(facts), table=table)


def _known(context: Context, language: Language) -> Iterator[tuple[str, ...]]:
    """Objectives that are missed and checks of the patrol that fail, where no Alertmanager says it."""
    with ledger(context) as book:
        told = _told(holds.silenced(book, context.environment) is not None, language)
    release = context.target.live()
    promised = release.content.promised if release else None
    severities = {one.name: str(one.severity) for one in promised.objectives} if promised else {}
    for one in Standings(context.records).read(release) or ():
        if one["holds"] is False:
            target = words.MISSED(language, value=f"{one['value']:.4g}", target=f"{one['target']:g}")
            yield severities.get(one["name"], "ticket"), one["name"], target, "-", told
    for check in read_patrol(context.records) or ():
        if check["state"] == ALARM:
            since = ago(seconds(check["since"]), time.time(), language)
            yield "ticket", check["check"], check["detail"] or "-", since, told


def _told(silenced: bool, language: Language) -> str:
    return (words.NOT_TOLD if silenced else words.TOLD)(language)
