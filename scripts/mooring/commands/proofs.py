"""Live drills that an environment wants to have held lately before a release goes out."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.release.release import Release
    from mooring.report.console import Console
    from mooring.rollout.ledger import Ledger
    from mooring.spec.environment import Exercise, Proof


def demand(
    catalog: "Catalog", plan: "Plan", release: "Release", live: "Release | None", book: "Ledger", console: "Console"
) -> None:
    """Raises Refused(GUARDED) when a drill did not hold lately, unless an override names that for this plan.

    What the live release demands holds too, so that no change loosens its own judge. Prints the override first.
    """
    demanded = _demanded(release, live)
    if not demanded:
        return
    from mooring.commands.lift import lift
    from mooring.operate.exercises.receipt import missing
    from mooring.spec.guards import FRESH_PROOFS

    due = dict(missing(book, plan.environment, demanded, time.time()))
    if not due:
        return
    reason = "; ".join(f"live drill {name}: {why}" for name, why in due.items())
    what = f"one plan for {plan.environment} without fresh live drills"
    told = "If it cannot wait for the drills, an owner commits {file}:"
    fix = f"moor drill --live {' '.join(due)} --environment {plan.environment}"
    used = lift(catalog, plan, FRESH_PROOFS, tuple(due), reason, what, told, fix, console)
    console.note(f"override {', '.join(used)} lets this go out although {reason}")


def _demanded(release: "Release", live: "Release | None") -> "Mapping[Exercise, Proof]":
    """Of two demands for one drill, the stricter."""
    found: dict[Exercise, Proof] = {}
    for one in (live, release):
        for name, proof in one.content.environment.rollout.proofs.items() if one else ():
            if name not in found or proof.days < found[name].days:
                found[name] = proof
    return found
