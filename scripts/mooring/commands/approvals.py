"""Approvals that an environment wants of a plan before it goes out."""

from typing import TYPE_CHECKING

from mooring.commands.running import actor

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.release.release import Release
    from mooring.rollout.ledger import Ledger


def demand(
    catalog: "Catalog",
    plan: "Plan",
    release: "Release",
    live: "Release | None",
    commit: str | None,
    book: "Ledger",
    lifted: bool = False,
) -> tuple[str, ...]:
    """Who approved the plan. Raises Refused(GUARDED) when they are too few; then the plan waits for others.

    Of what the live release demands and what the new one does, the stricter holds: no change loosens its own judge.
    """
    sides = [one.content.environment.rollout.approvals for one in (live, release) if one]
    needed = max(sides)
    if not needed or plan.in_sync:
        return ()
    from mooring.rollout.approvals import SHOWN
    from mooring.rollout.approvals import demand as demanded
    from mooring.state.records.approvals import Asked

    said = {
        "needed": needed,
        "base": plan.live,
        "risk": plan.verdict.risk,
        "changes": [change.text for change in plan.changes[:SHOWN]],
        "count": len(plan.changes),
        "commit": commit,
        "lifted": lifted,
    }
    asked = Asked(plan.digest, plan.desired, 0.0, actor(), said)
    found = demanded(book, plan.environment, asked, _names(catalog, plan.environment, actor()))
    return tuple(f"{one.person}@{one.platform}" for one in found)


def _names(catalog: "Catalog", environment: str, who: str) -> frozenset[str]:
    """All names under which the one who deploys could have approved."""
    from mooring.spec import Chat, Environment

    document = catalog.get(Environment, environment)
    chat = catalog.get(Chat, document.chat) if document and document.chat else None
    login = who.lower()
    people = [one.name for one in chat.people if login in (one.name, (one.github or "").lower())] if chat else []
    return frozenset({who, f"{login}@github", *people})
