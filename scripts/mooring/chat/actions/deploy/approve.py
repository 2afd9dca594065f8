"""`/deploy approve`: one more person's word for a plan that waits for it."""

from mooring.chat.action import Context, Notify, Preview
from mooring.chat.actions.carried import asks, done, ledger
from mooring.chat.actions.deploy import words
from mooring.chat.actions.text import moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout import approvals
from mooring.rollout.actions import short
from mooring.rollout.approvals import Waiting


def preview(command: Command, context: Context) -> Preview:
    language = command.language
    with ledger(context) as book:
        found = approvals.the_plan(book, context.environment, command.arguments.get("plan"))
    title = words.ASK_APPROVE(language, environment=context.environment, plan=short(found.asked.plan))
    # Not of who approved so far: two people may press at once.
    return asks(command, context, title, found.asked.plan, facts=_facts(found, language), log=_changes(found))


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language = command.language
    with ledger(context) as book:
        found = approvals.the_plan(book, context.environment, command.arguments.get("plan"))
        if _asked_by(found, context):
            what = f"{context.person} asked for plan {short(found.asked.plan)}, so somebody else approves it"
            raise Refused(Reason.GUARDED, what)
        first, found = approvals.approve(book, context.environment, found.asked.plan, context.person, context.platform)
    title = words.APPROVED if first else words.APPROVED_BEFORE
    told = {"given": len(found.given), "needed": found.needed, "who": ", ".join(one.person for one in found.given)}
    said = title(language, plan=short(found.asked.plan), environment=context.environment, **told)
    return done(command, context, said, facts=_facts(found, language))


def _asked_by(found: Waiting, context: Context) -> bool:
    """Whether the person is the one who wants to deploy."""
    who = found.asked.actor.lower()
    people = context.document.people if context.document else ()
    logins = {(one.github or "").lower() for one in people if one.name == context.person}
    return who in {context.person.lower(), *logins} or context.person.lower() == f"{who}@github"


def _facts(found: Waiting, language: Language) -> tuple[tuple[str, str], ...]:
    asked, given = found.asked, [f"{one.person} ({one.platform}, {moment(one.at)})" for one in found.given]
    return (
        (words.PLAN(language), short(asked.plan)),
        (words.TO(language), short(asked.digest)),
        (words.ASKED_BY(language), f"{asked.actor}, {moment(asked.at)}"),
        (words.CHANGES(language), words.RISKY(language, count=asked.said["count"], risk=asked.said["risk"])),
        (words.APPROVALS(language), words.OF(language, given=len(given), needed=found.needed, who=", ".join(given))),
    )


def _changes(found: Waiting) -> tuple[str, ...]:
    more = found.asked.said["count"] - len(found.asked.said["changes"])
    return (*found.asked.said["changes"], *([f"+ {more}"] if more > 0 else []))
