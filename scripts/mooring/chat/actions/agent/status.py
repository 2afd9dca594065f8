"""`/agent status`: every agent of what is live."""

import time

from mooring.chat.action import Context, Notify
from mooring.chat.actions.agent import words
from mooring.chat.actions.carried import done
from mooring.chat.actions.text import ago
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.operate.agents import HEALTHY, AgentSeen, agents
from mooring.rollout.actions import short
from mooring.rollout.state import Side
from mooring.rollout.target import SlotFacts


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    facts, language = context.target.facts(), command.language
    found = agents(facts)
    if facts.live is None or not found:
        return done(command, context, words.NOTHING(language, environment=context.environment))
    healthy = sum(one.health == HEALTHY for one in found)
    return done(
        command,
        context,
        words.HEALTHY_OF(language, environment=context.environment, healthy=healthy, all=len(found)),
        facts=_facts(facts.live, facts.slots[facts.live.slot], language),
        table=(words.heading(language), *(_row(one, time.time(), language) for one in found)),
    )


def _facts(live: Side, slot: SlotFacts, language: Language) -> tuple[tuple[str, str], ...]:
    ready = sum(worker.ready for worker in slot.workers)
    return (
        (words.LIVE(language), words.IN_SLOT(language, what=short(live.digest), slot=live.slot)),
        (words.WORKERS(language), words.READY(language, ready=ready, all=len(slot.workers))),
        (words.IN_FLIGHT(language), str(slot.in_flight)),
    )


def _row(one: AgentSeen, now: float, language: Language) -> tuple[str, ...]:
    return (
        one.name,
        one.slot,
        health(one, language),
        ", ".join(f"{rung} {count:,}" for rung, count in one.lately.items()) or "-",
        "-" if one.in_flight is None else str(one.in_flight),
        f"{one.error['problem']}, {ago(one.error['at'], now, language)}" if one.error else "-",
    )


def health(one: AgentSeen, language: Language) -> str:
    """`degraded: the breaker of L0 openai/small is open`."""
    reasons = [words.REASONS[code](language, what=what) for code, what in one.reasons]
    state = words.STATES[one.health](language)
    return words.BECAUSE(language, state=state, reasons="; ".join(reasons)) if reasons else state
