"""`/drill rollback`: a release that goes bad under load, in a copy of the environment, with a receipt."""

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions import words
from mooring.chat.actions.carried import actor, asks, done, has_repository, ledger
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.errors import UsageError
from mooring.operate.exercises.drilled import drill
from mooring.targets import table


def preview(command: Command, context: Context) -> Preview:
    """Raises UsageError where there is nothing to make a copy of."""
    language = command.language
    if not has_repository(context):
        fix = f"moor drill --live rollback --environment {context.environment} where it is, or the workflow live-drills"
        raise UsageError("a drill copies the repository, which is not at this door", fix)
    title = words.ASK_DRILL(language, environment=context.environment)
    return asks(command, context, title, facts=((words.HOW(language), words.COPY(language)),))


def run(command: Command, context: Context, notify: Notify) -> Answer:
    language, name = command.language, context.environment
    notify(words.DRILLING(language, environment=name))
    told = notify if language == "en" else _quiet
    drilled = drill(context.root, name, "rollback", table.target, told, actor(context))
    with ledger(context) as book:
        seq = drilled.receipt(book, name, actor(context))
    found = drilled.found
    title = words.DRILLED(language, environment=name, result=words.RESULTS[found.result](language), said=found.said)
    rows = [(check.what, check.promised, check.seen, words.KEPT[check.result](language)) for check in found.checks]
    facts = ((words.LEDGER(language), str(seq)),)
    shown = (words.drill_heading(language), *rows)
    return done(command, context, title, facts=facts, table=shown, seconds=round(drilled.seconds, 1))


def _quiet(_step: str) -> None:
    """Steps are told in English alone."""
