"""`/agent restart`: new processes for the live slot, in which the agent runs; the old ones serve until these do."""

import time

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.agent import words
from mooring.chat.actions.agent.known import live_slot, the_agent
from mooring.chat.actions.carried import asks, done
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.rollout.actions import short
from mooring.rollout.receipt import account
from mooring.rollout.target import SlotFacts
from mooring.targets.restarting import replace_process


def preview(command: Command, context: Context) -> Preview:
    language, name = command.language, command.arguments["id"]
    beside = the_agent(context, name)
    live, slot = live_slot(context)
    facts = (
        (words.LIVE(language), words.IN_SLOT(language, what=short(live.digest), slot=live.slot)),
        (words.BESIDE(language), ", ".join(beside) or "-"),
        (words.PROCESSES(language), _pids(slot)),
        (words.IN_FLIGHT(language), str(slot.in_flight)),
        (words.HOW(language), words.SERVES_ON(language)),
    )
    title = words.ASK_RESTART(language, agent=name, slot=live.slot, environment=context.environment)
    return asks(command, context, title, name, live.slot, live.digest, _pids(slot), facts=facts)


def run(command: Command, context: Context, notify: Notify) -> Answer:
    language, name = command.language, command.arguments["id"]
    beside = the_agent(context, name)
    live, slot = live_slot(context)
    before, begun = context.target.facts(), time.monotonic()
    notify(words.RESTARTING(language, slot=live.slot))
    replace_process(context.target, live.slot)
    after = context.target.facts()
    counts = account(before, after)
    facts = (
        (words.SLOT(language), live.slot),
        (words.BESIDE(language), ", ".join(beside) or "-"),
        (words.PROCESSES(language), f"{_pids(slot)} → {_pids(after.slots[live.slot])}"),
        (words.REQUESTS(language), words.LOST(language, lost=counts["lost"], received=counts["received"])),
    )
    title = words.RESTARTED(language, agent=name, slot=live.slot, environment=context.environment)
    return done(command, context, title, facts=facts, seconds=round(time.monotonic() - begun, 3))


def _pids(slot: SlotFacts) -> str:
    pids = [worker.pid for worker in slot.workers] or [slot.pid]
    return ", ".join(str(pid) for pid in pids if pid)
