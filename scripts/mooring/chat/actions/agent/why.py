"""`/agent why`: what served a run, as `moor why` explains it."""

from collections.abc import Mapping
from typing import Any

from mooring.change.wording import clip
from mooring.chat.action import Context, Notify
from mooring.chat.actions.agent import words
from mooring.chat.actions.carried import done, ledger
from mooring.chat.actions.text import moment
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.operate.runs import database_of, the_run
from mooring.operate.why import explained
from mooring.rollout.actions import short


def run(command: Command, context: Context, _notify: Notify) -> Answer:
    language = command.language
    database = database_of(context.records)
    seen = the_run(database, command.arguments["run"], context.environment)
    with ledger(context) as book:
        data = explained(seen, context.target, book, database, context.root)
    run, answered = data["run"], data["answered"]
    seconds = f"{max(0.0, run['updated'] - run['created']):.2f}"
    state = words.STATUSES[run["status"]](language) if run["status"] in words.STATUSES else run["status"]
    title = words.RUN(language, run=run["id"], agent=run["agent"], state=state, seconds=seconds)
    rows = [(one["rung"], one["model"], one["outcome"], f"{one['seconds']:.3f}") for one in answered["tries"] or ()]
    link = (data["commit"] or {}).get("url") or ""
    facts = tuple(_facts(data, language))
    return done(command, context, title, facts=facts, table=(words.tries(language), *rows) if rows else (), link=link)


def _facts(data: Mapping[str, Any], language: Language) -> list[tuple[str, str]]:
    run, release, found = data["run"], data["release"], list[tuple[str, str]]()
    if error := run["error"]:
        code = str(error.get("code") or "") if isinstance(error, dict) else str(error)
        found.append((words.ERROR(language), clip(code, 200)))
    if rung := data["answered"]["rung"]:
        found.append((words.ANSWERED(language), rung))
    found.append((words.ASKED(language), moment(run["created"])))
    found.append((words.LIVE(language), words.IN_SLOT(language, what=short(release["digest"]), slot=run["slot"])))
    if commit := data["commit"]:
        author = f", {commit['author']}" if commit["author"] else ""
        found.append((words.COMMIT(language), f"{commit['id'][:12]} {clip(commit['subject'] or '', 120)}{author}"))
    if deployed := release["deployed"]:
        found.append((words.DEPLOYED(language), f"{deployed['actor']}, {moment(deployed['at'])}"))
    if data["tools"]:
        calls = ", ".join(f"{call['name']}: {call['outcome']}" for call in data["tools"])
        found.append((words.TOOLS(language), clip(calls, 300)))
    for one in run.get("decided") or ():
        verdict = (words.APPROVED if one["approved"] else words.DENIED)(language)
        found.append((words.DECIDED(language), f"{verdict}, {one['by']}, {moment(one['at'])}"))
    if data["cost_usd"] is not None:
        found.append((words.COST(language), f"${data['cost_usd']:.6f}"))
    return found
