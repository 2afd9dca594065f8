"""Approvals of plans: what a deployment waits for where its environment asks people. A plan that changed has none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mooring.change.wording import count
from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.rollout import quarantine
from mooring.rollout.actions import short
from mooring.rollout.ledger import Ledger
from mooring.state.records import approvals as records
from mooring.state.records.approvals import Approval, Asked
from mooring.state.records.ledger import lock
from mooring.state.records.statements import Statements

KEEP = 90 * 86400.0
"""Seconds that requests are kept after they were last made."""

SHOWN = 12
"""Sentences of a plan that a request tells."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that waits, and who approved it so far."""

    asked: Asked
    given: tuple[Approval, ...]

    @property
    def needed(self) -> int:
        return int(self.asked.said["needed"])

    @property
    def enough(self) -> bool:
        """Whether it may be deployed now, by whoever asked for it."""
        return len(self.given) >= self.needed


def demand(ledger: Ledger, environment: str, asked: Asked, own: Collection[str]) -> tuple[Approval, ...]:
    """The approvals that let a plan out. Raises Refused(GUARDED) when there are too few, and writes it down as waiting.

    `own` are the names of the one who deploys, whose own approval does not count.
    """

    def work(statements: Statements) -> list[Approval]:
        now = ledger.now(statements)
        lock(statements, environment)
        found = [one for one in records.approvals(statements, asked.plan) if one.person not in own]
        if len(found) < asked.said["needed"]:
            records.forget(statements, now - KEEP)
            records.ask(statements, Asked(asked.plan, asked.digest, now, asked.actor, asked.said))
        return found

    needed, found = int(asked.said["needed"]), ledger.write(work)
    if len(found) >= needed:
        return tuple(found)
    who = f" ({', '.join(one.person for one in found)})" if found else ""
    wanted = count(needed, "approval")
    what = f"plan {short(asked.plan)} for {environment} needs {wanted} of others and has {len(found)}{who}"
    fix = f"others say /deploy approve {short(asked.plan)} in {environment}, where you talk; then deploy again"
    raise Refused(Reason.GUARDED, what, fix)


def waiting(ledger: Ledger, environment: str) -> list[Waiting]:
    """The plans that can still be deployed, the newest first: what they were made against is live."""
    state = ledger.state(environment)
    live = state.live.digest if state.live else None

    def work(statements: Statements) -> list[Waiting]:
        return [
            Waiting(one, tuple(records.approvals(statements, one.plan)))
            for one in records.requests(statements)
            if one.said["base"] == live and one.digest != live
        ]

    return ledger.read(work)


def the_plan(ledger: Ledger, environment: str, beginning: str | None) -> Waiting:
    """The one that waits, or the one of them whose digest begins so. UsageError unless there is exactly one.

    Raises Refused(PLAN_MISMATCH) for one that was made against what is no longer live, Refused(QUARANTINED) for a
    release that was taken back since.
    """
    found = waiting(ledger, environment)
    wanted = (beginning or "").removeprefix("sha256:")
    fitting = [one for one in found if one.asked.plan.removeprefix("sha256:").startswith(wanted)]
    if len(fitting) == 1:
        if not fitting[0].asked.said.get("lifted"):
            quarantine.refuse(ledger, environment, fitting[0].asked.digest)
        return fitting[0]
    if fitting:
        raise UsageError(f"several plans wait: {_names(fitting)}", "name one: /deploy approve PLAN")
    known = [one.plan for one in ledger.read(records.requests) if one.plan.removeprefix("sha256:").startswith(wanted)]
    if beginning and known:
        what = f"plan {short(known[0])} is void: what it was made against is not live any more"
        raise Refused(Reason.PLAN_MISMATCH, what, "deploy again, and have the new plan approved")
    there = f"; there are {_names(found)}" if found else ""
    raise UsageError(f"no plan {wanted + ' ' if wanted else ''}waits for an approval in {environment}{there}")


def approve(ledger: Ledger, environment: str, plan: str, person: str, platform: str) -> tuple[bool, Waiting]:
    """Writes a person's approval; whether it was the person's first and still wanted, and the plan then.

    Once there are enough, nobody is written down any more. Raises as `the_plan`.
    """

    def work(statements: Statements) -> bool:
        lock(statements, environment)
        now, given = ledger.now(statements), records.approvals(statements, plan)
        if len(given) >= before.needed:
            return False
        return records.approve(statements, Approval(plan, person, platform, now))

    before = the_plan(ledger, environment, plan)
    first = ledger.write(work)
    return first, the_plan(ledger, environment, plan)


def _names(plans: Sequence[Waiting]) -> str:
    return ", ".join(short(one.asked.plan) for one in plans)
