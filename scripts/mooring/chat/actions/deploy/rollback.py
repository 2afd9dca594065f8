"""`/deploy rollback`: back to the release before, by the same steps as `moor rollback`."""

import os
from contextlib import suppress
from dataclasses import dataclass

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.carried import actor, asks, done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.actions.deploy.releases import named
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.errors import MooringError
from mooring.operate.repository.github import host
from mooring.operate.repository.reverting import settle
from mooring.rollout.back import revert, roll_back
from mooring.rollout.ledger import Ledger
from mooring.rollout.machine import way_back
from mooring.rollout.state import Phase, Side


@dataclass(frozen=True, slots=True)
class _Way:
    """From which release to which. `under_way` is a rollout's phase that is undone instead."""

    origin: str | None
    to: str
    under_way: Phase | None


def preview(command: Command, context: Context) -> Preview:
    with ledger(context) as book:
        way = _way(context, book)
        before, after = named(context.root, book, way.origin), named(context.root, book, way.to)
    language, warm = command.language, context.target.facts().warm()
    facts = [(words.FROM(language), before), (words.TO(language), after)]
    if way.under_way:
        facts.append((words.PHASE(language), words.UNDONE(language, phase=words.phase(way.under_way, language))))
    else:
        ready = warm is not None and warm.digest == way.to
        facts.append((words.HOW(language), (words.FLIP if ready else words.COLD)(language)))
    facts.append((words.GIT(language), words.REVERTS(language)))
    title = words.ASK_ROLLBACK(language, environment=context.environment, before=before, after=after)
    return asks(command, context, title, way.origin, way.to, way.under_way, facts=tuple(facts))


def run(command: Command, context: Context, notify: Notify) -> Answer:
    who, language = actor(context), command.language
    with ledger(context) as book:
        notify(words.SWITCHING(language))
        receipt = roll_back(context.target, book, context.records.state, who, lambda _step: None)
        data = receipt.data()
        notify(words.SWITCHED(language, seconds=f"{receipt.seconds:.2f}"))
        told = revert(context.root, book, context.environment, f"Rolled back by {who}.")
        number = _pull_request(context, book)
        before, after = (named(context.root, book, digest) for digest in (receipt.previous, receipt.digest))
    facts = [
        (words.FROM(language), before),
        (words.TO(language), after),
        (words.REQUESTS(language), words.LOST(language, **{name: data[name] for name in ("lost", "received")})),
    ]
    if receipt.switch_ms is not None:
        facts.append((words.SWITCH(language), f"{receipt.switch_ms:.2f} ms"))
    if told:
        branch = words.BRANCH(language, branch=told.branch) if told.branch else told.reason
        facts.append((words.GIT(language), branch))
    if number:
        facts.append((words.PULL_REQUEST(language), f"#{number}"))
    facts.append((words.LEDGER(language), f"{receipt.seq} {receipt.hash[:12]}"))
    title = words.ROLLED_BACK(language, environment=context.environment, after=after)
    return done(command, context, title, facts=tuple(facts), seconds=receipt.seconds)


def _way(context: Context, book: Ledger) -> _Way:
    """Raises Refused(NO_STANDBY) where there is nothing to go back to."""
    state = book.state(context.environment)
    if state.phase is Phase.IDLE or state.origin is None:
        return _Way(_digest(state.live), way_back(state), None)
    return _Way(_digest(state.target), state.origin.digest, state.phase)


def _pull_request(context: Context, book: Ledger) -> int | None:
    """The revert's pull request, where this process has a token of the host; else the next `moor revert` opens it."""
    github = host(os.environ)
    with suppress(MooringError):
        return settle(context.root, book, context.environment, github).pull_request if github else None
    return None


def _digest(side: Side | None) -> str | None:
    return side.digest if side else None
