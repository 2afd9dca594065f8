"""`/alert silence`: nobody is told of an environment's alerts for a while; they are told again by themselves."""

import time
from contextlib import suppress

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.alert import words
from mooring.chat.actions.alert.monitoring import alertmanager
from mooring.chat.actions.carried import actor, asks, capped, done, ledger
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.errors import Stopped
from mooring.rollout import holds
from mooring.rollout.ledger import Ledger
from mooring.spec.chat import Caps
from mooring.state.records.holds import Hold


def preview(command: Command, context: Context) -> Preview:
    language, minutes = command.language, _minutes(command, context)
    with ledger(context) as book:
        silent = holds.silences(book, context.environment)
    there = alertmanager(context)
    facts = [(words.WHERE(language), there.server.url if there else words.HERE(language))]
    if command.arguments.get("reason"):
        facts.append((words.REASON(language), command.arguments["reason"]))
    facts += [(words.SILENT(language), words.held(one, language)) for one in silent]
    title = words.ASK_SILENCE(language, environment=context.environment, minutes=minutes)
    return asks(command, context, title, str(minutes), *(one.id for one in silent), facts=tuple(facts))


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, minutes = command.language, _minutes(command, context)
    there = alertmanager(context)
    with ledger(context) as book:
        held = _silenced(command, context, book, minutes * 60)
    facts = [(words.WHO(language), held.owner), (words.UNTIL(language), holds.until(held))]
    if held.reason:
        facts.append((words.REASON(language), held.reason))
    facts.append((words.WHERE(language), f"{there.server.url} {held.id}" if there else words.HERE(language)))
    title = words.SILENCED(language, environment=context.environment, minutes=minutes)
    return done(command, context, title, facts=tuple(facts))


def _silenced(command: Command, context: Context, book: Ledger, seconds: int) -> Hold:
    """In the Alertmanager first, if there is one: where that cannot be told, nothing is silent."""
    who, reason, there = actor(context), command.arguments.get("reason", ""), alertmanager(context)
    if there is None:
        return holds.silence(book, context.environment, who, reason, seconds)
    now = time.time()
    comment = f"{reason or 'no reason was said'} ({command.text}, {who})"
    name = there.silence(now, now + seconds, who, comment)
    try:
        return holds.silence(book, context.environment, who, reason, seconds, name)
    except Stopped:
        with suppress(Stopped):
            there.end(name)
        raise


def _minutes(command: Command, context: Context) -> int:
    most = (context.document.caps if context.document else Caps()).silence_minutes
    return capped(command.arguments["minutes"], most, most)
