"""`moor eval --rung`: the same suites of the whole ladder and of one rung alone, and what is lost there.

It says how well the agent answers when everybody above that rung is down. That is information, and no evidence: no
deployment asks for it, and nothing here is attested. A small model that knows less is better than an apology, so cases
that are lost, critical ones too, are named and refuse nothing. What nobody may do at any rung does: a policy, such as
`no-secret` or `tool-policy`, that the rung breaks and the ladder keeps ends the command with exit code 1.
"""

import json
import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mooring.errors import Failed, Refused, UsageError
from mooring.evaluate.loss import LADDER, Loss, losses
from mooring.evaluate.run import Part, run_together
from mooring.evaluate.session import Session
from mooring.evaluate.values import Results, Trial
from mooring.outcome import Outcome, Reason
from mooring.report.console import Console
from mooring.report.evaluation import files, rung
from mooring.report.evaluation.wording import unruled

ALONE = {"against": "--against", "record": "--record", "if_needed": "--if-needed"}
"""What has no meaning beside a rung: it is compared with the ladder of its own release."""


def check(args: Namespace) -> None:
    """UsageError for arguments that do not go together."""
    for name, option in ALONE.items():
        if getattr(args, name):
            raise UsageError(f"{option} does not go with --rung, which compares a rung with the ladder it is of")


def standing(session: Session, asked: str, console: Console) -> Session:
    """The session without suites of agents that have no such rung. Refused(EMPTY_SET) when none is left."""
    if session.options.evidence == "recorded":
        fix = "add --evidence live, or --evidence simulated"
        raise Refused(Reason.NOT_READY, f"nobody has recorded what {asked} answers by itself", fix)
    agents = session.head.content.agents
    kept = {name: suite for name, suite in session.suites.items() if agents[suite.agent].models.of(asked)}
    for name in session.suites.keys() - kept.keys():
        console.note(f"suite {name} is left out: its agent has no {asked}")
    if not kept:
        raise Refused(Reason.EMPTY_SET, f"no agent that a suite asks has a rung {asked}: nothing was evaluated")
    chosen = {name: ids for name, ids in (session.options.chosen or {}).items() if name in kept}
    return replace(session, suites=kept, options=replace(session.options, chosen=chosen))


def ask(session: Session, asked: str, on_trial: Callable[[str, Trial], None]) -> tuple[Results, Results]:
    """Results of the whole ladder and of the rung alone, asked at the same time."""

    def part(side: str, pinned: str | None) -> Part:
        options = replace(session.options, journal=session.output / f"{side}.jsonl", rung=pinned)
        return Part(session.head, session.suites, options, lambda trial: on_trial(side, trial))

    ladder, pinned = run_together([part(LADDER, None), part(asked, asked)])
    return ladder, pinned


def conclude(session: Session, asked: str, ladder: Results, pinned: Results, console: Console) -> Outcome:
    """Says what is lost. Failed(INCONCLUSIVE) when it stopped before everything was asked, or nothing was judged."""
    found = losses(session.head.content, asked, session.suites, ladder, pinned)
    _write(session, found, pinned)
    console.line("\n".join(rung.text(found, pinned.evidence)))
    if said := unruled(ladder.unruled + pinned.unruled):
        console.line(said, "yellow")
    console.line(f"reports are in {session.output}: rung.md, rung.json", "dim")
    if not (ladder.complete and pinned.complete):
        raise Failed(Reason.INCONCLUSIVE, "it stopped before everything was asked: what is lost is not known")
    if not any(loss.judged for loss in found):
        raise Failed(Reason.INCONCLUSIVE, "no case could be judged on both sides: what is lost is not known")
    told: dict[str, Any] = {"rung": asked, "evidence": pinned.evidence, "output": str(session.output), "attested": None}
    told |= {"losses": [loss.data() for loss in found], "spent_usd": session.spent(ladder, pinned).total}
    broken = any(loss.broken for loss in found)
    return Outcome(Reason.REGRESSED if broken else Reason.EVALUATED, told)


def _write(session: Session, found: list[Loss], pinned: Results) -> None:
    data = json.dumps([loss.data() for loss in found], ensure_ascii=False, indent=2)
    (session.output / "rung.json").write_text(f"{data}\n", encoding="utf-8")
    markdown = rung.markdown(found, pinned.evidence)
    (session.output / "rung.md").write_text(markdown, encoding="utf-8")
    files.summarise(os.environ, markdown)
