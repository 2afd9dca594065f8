"""`/deploy unlock`: lets deployments in again, whoever kept them out."""

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.carried import actor, asks, done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.rollout import holds


def preview(command: Command, context: Context) -> Preview:
    language, name = command.language, context.environment
    with ledger(context) as book:
        held = holds.locked(book, name)
    if held is None:
        return asks(command, context, words.NOT_LOCKED(language, environment=name))
    title = words.ASK_UNLOCK(language, environment=name)
    return asks(command, context, title, held.id, facts=((words.LOCK(language), words.held(held, language)),))


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, context.environment
    with ledger(context) as book:
        held = holds.unlock(book, name, actor(context))
    if held is None:
        return done(command, context, words.NOT_LOCKED(language, environment=name))
    title = words.UNLOCKED(language, environment=name)
    return done(command, context, title, facts=((words.WAS(language), words.held(held, language)),))
