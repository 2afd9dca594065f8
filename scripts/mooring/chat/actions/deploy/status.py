"""`/deploy status`: what is live and since when, what a rollback goes to, and who keeps deployments out."""

from mooring.chat.action import Context, Notify
from mooring.chat.actions.carried import done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.actions.deploy.releases import last, named
from mooring.chat.actions.text import moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.rollout import holds, lease
from mooring.rollout.actions import short
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language, name = command.language, context.environment
    with ledger(context) as book:
        state, switched = book.state(name), book.last(name, "switched")
        if state.live is None:
            return done(command, context, words.NOTHING_LIVE(language, environment=name))
        live = named(context.root, book, state.live.digest)
        facts = [(words.LIVE(language), words.IN_SLOT(language, what=live, slot=state.live.slot))]
        if switched:
            facts.append((words.SINCE(language), moment(switched.at)))
        if record := last(book):
            facts.append((words.WHO(language), record.actor))
            if record.plan:
                facts.append((words.PLAN(language), short(record.plan)))
        before = next((digest for digest in reversed(state.trail) if digest != state.live.digest), None)
        facts.append((words.PREVIOUS(language), named(context.root, book, before)))
        facts.append((words.PHASE(language), words.phase(state.phase, language)))
        facts += _kept_out(command, book, name)
        if state.quarantined:
            facts.append((words.QUARANTINED(language), named(context.root, book, state.quarantined)))
    title = words.LIVE_IS if state.phase is Phase.IDLE else words.UNDER_WAY
    said = title(language, environment=name, live=live, phase=words.phase(state.phase, language))
    return done(command, context, said, facts=tuple(facts))


def _kept_out(command: Command, book: Ledger, name: str) -> list[tuple[str, str]]:
    """Who keeps deployments out, by a lock or by deploying."""
    found, language = [], command.language
    if held := holds.locked(book, name):
        found.append((words.LOCK(language), words.held(held, language)))
    if taken := lease.holder(book, name):
        found.append((words.LEASE(language), words.LEASED(language, actor=taken.actor, kind=taken.kind)))
    return found
