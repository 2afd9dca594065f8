"""`/approve` and `/deny`: a person's verdict on the calls of tools that a run waits for."""

import json

from mooring.catalog.secrets import masked
from mooring.change.wording import clip
from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.agent.known import live_slot
from mooring.chat.actions.carried import actor, asks, done
from mooring.chat.actions.run import words
from mooring.chat.actions.text import moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command
from mooring.errors import Refused
from mooring.operate.runs import database_of, the_run
from mooring.outcome import Reason
from mooring.state.runs.lookup import RunSeen

WAITING = "awaiting-approval"

WAIT_SECONDS = 20.0
"""How long it is waited for the run's end; it goes on by itself afterwards."""

CALLS, LONGEST = 10, 400
"""Calls that are shown, and characters of one."""


def preview(command: Command, context: Context) -> Preview:
    language, run = command.language, _waiting(command, context)
    title = (words.ASK_APPROVE if command.name == "approve" else words.ASK_DENY)(language, run=run.id, agent=run.agent)
    facts = ((words.AGENT(language), run.agent), (words.SINCE(language), moment(run.updated)))
    named = [str(call["id"]) for call in run.data.get("approvals", ())]
    return asks(command, context, title, run.id, str(run.data.get("part", 0)), *named, facts=facts, log=_calls(run))


def run(command: Command, context: Context, notify: Notify) -> Answer:
    language, approved = command.language, command.name == "approve"
    waiting = _waiting(command, context)
    live, _ = live_slot(context)
    notify((words.APPROVING if approved else words.DENYING)(language, run=waiting.id))
    known = {"run": waiting.id, "tenant": waiting.data.get("tenant", ""), "by": actor(context)}
    body = {**known, "approved": approved, "message": "", "wait": WAIT_SECONDS}
    told = context.target.decide(live.slot, body, WAIT_SECONDS + 10)
    state = words.state(told["status"], language)
    facts = (
        (words.AGENT(language), waiting.agent),
        (words.WHO(language), actor(context)),
        (words.NOW(language), state),
    )
    title = (words.APPROVED if approved else words.DENIED)(language, run=waiting.id, state=state)
    return done(command, context, title, facts=facts, log=_calls(waiting))


def _waiting(command: Command, context: Context) -> RunSeen:
    """The run. Refused(STALE) where it does not wait, with who has decided."""
    found = the_run(database_of(context.records), command.arguments["run"], context.environment)
    if found.status == WAITING:
        return found
    verdicts = found.data.get("decided") or ()
    first = verdicts[-1] if verdicts else None
    who = f"; {'approved' if first['approved'] else 'denied'} by {first['by']}, {moment(first['at'])}" if first else ""
    raise Refused(Reason.STALE, f"run {found.id} is {found.status} and waits for no approval{who}")


def _calls(run: RunSeen) -> tuple[str, ...]:
    """The calls with their arguments, without what looks like a secret."""
    calls = run.data.get("approvals", ())
    said = [f"{call['tool']} {json.dumps(call['arguments'], ensure_ascii=False)}" for call in calls]
    return tuple(clip(masked(one), LONGEST) for one in said[:CALLS])
