"""`/hotfix list`: what was changed beside git, by whom, why and until when."""

import time

from mooring.chat.action import Context, Notify
from mooring.chat.actions import words
from mooring.chat.actions.carried import done, ledger
from mooring.chat.actions.text import moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.rollout.patches import Patch, told


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, context.environment
    with ledger(context) as book:
        hotfix = book.state(name).hotfix
    patches = hotfix.left(time.time()) if hotfix else ()
    title = (words.HOTFIXES if patches else words.NO_HOTFIX)(language, environment=name, count=len(patches))
    table = (words.hotfix_heading(language), *map(_row, patches)) if patches else ()
    return done(command, context, title, table=table)


def _row(patch: Patch) -> tuple[str, ...]:
    """Values that look like a secret are masked."""
    values = ", ".join(f"{path}={told(value)}" for path, value in patch.values.items())
    return f"{patch.kind}/{patch.name}", values, patch.owner, patch.reason, moment(patch.until)
