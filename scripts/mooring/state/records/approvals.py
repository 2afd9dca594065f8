"""Plans that wait for people, and who approved them. Without SQLAlchemy, since deployments ask."""

import json
from dataclasses import dataclass
from typing import Any

from mooring.state.records.statements import Statements

_ASK = """insert into approval_requests (plan, digest, at, actor, said) values (:plan, :digest, :at, :actor, :said)
    on conflict (plan) do update set at = excluded.at, actor = excluded.actor, said = excluded.said"""
_REQUESTS = "select plan, digest, at, actor, said from approval_requests order by at desc, plan"
_APPROVE = """insert into approvals (plan, person, platform, at, approved)
    values (:plan, :person, :platform, :at, 1) on conflict (plan, person) do nothing returning plan"""
_APPROVALS = "select plan, person, platform, at from approvals where plan = :plan and approved = 1 order by at, person"
_FORGET_APPROVALS = """delete from approvals where plan in (select plan from approval_requests where at < :before)"""
_FORGET = "delete from approval_requests where at < :before"


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan that was refused for want of approvals: by its digest, and that of the release it makes live.

    `at` is when it was last refused, `actor` who wanted to deploy it. `said` is JSON-able: `base` is the release that
    was live, `needed` how many approvals it takes, `risk` the plan's, `changes` the first of `count` sentences,
    `commit`, and `lifted` where an owner let it out of its quarantine.
    """

    plan: str
    digest: str
    at: float
    actor: str
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's word for a plan, and by which door."""

    plan: str
    person: str
    platform: str
    at: float


def ask(statements: Statements, asked: Asked) -> None:
    """Writes a request down; of one plan the newest counts."""
    said = json.dumps(asked.said, sort_keys=True)
    statements(_ASK, plan=asked.plan, digest=asked.digest, at=asked.at, actor=asked.actor, said=said)


def requests(statements: Statements) -> list[Asked]:
    """All that are kept, the newest first."""
    return [Asked(plan, digest, at, actor, json.loads(said)) for plan, digest, at, actor, said in statements(_REQUESTS)]


def approve(statements: Statements, approval: Approval) -> bool:
    """Writes an approval; False where the person gave it before."""
    told = {"plan": approval.plan, "person": approval.person, "platform": approval.platform, "at": approval.at}
    return bool(statements(_APPROVE, **told))


def approvals(statements: Statements, plan: str) -> list[Approval]:
    """Those of a plan, the first one first."""
    return [Approval(*row) for row in statements(_APPROVALS, plan=plan)]


def forget(statements: Statements, before: float) -> None:
    """Deletes requests that were last made before, and what was said of them."""
    statements(_FORGET_APPROVALS, before=before)
    statements(_FORGET, before=before)
