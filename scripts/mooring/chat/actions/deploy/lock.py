"""`/deploy lock`: keeps deployments out for a while, not rollbacks."""

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.carried import actor, asks, capped, done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.rollout import holds
from mooring.spec.chat import Caps

DEFAULT_MINUTES = 60
"""How long it lasts where nobody says it, and no less is allowed."""


def preview(command: Command, context: Context) -> Preview:
    language, minutes = command.language, _minutes(command, context)
    with ledger(context) as book:
        held = holds.locked(book, context.environment)
    facts = [(words.REASON(language), command.arguments["reason"])] if command.arguments.get("reason") else []
    if held:
        facts.append((words.LOCK(language), words.held(held, language)))
    title = words.ASK_LOCK(language, environment=context.environment, minutes=minutes)
    return asks(command, context, title, str(minutes), held.id if held else "", facts=tuple(facts))


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, reason = command.language, command.arguments.get("reason", "")
    with ledger(context) as book:
        held = holds.lock(book, context.environment, actor(context), reason, _minutes(command, context) * 60)
    facts = [(words.WHO(language), held.owner), (words.UNTIL(language), holds.until(held))]
    if reason:
        facts.append((words.REASON(language), reason))
    facts.append((words.UNLOCK(language), words.say_unlock(context.environment, language)))
    return done(command, context, words.LOCKED(language, environment=context.environment), facts=tuple(facts))


def _minutes(command: Command, context: Context) -> int:
    most = (context.document.caps if context.document else Caps()).lock_minutes
    return capped(command.arguments.get("minutes"), most, min(DEFAULT_MINUTES, most))
