"""Releases that were taken back, as a deployment meets them: the same content is refused until it differs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.report.console import Console
    from mooring.rollout.ledger import Ledger


def demand(catalog: "Catalog", plan: "Plan", book: "Ledger", console: "Console") -> bool:
    """Whether an override of this plan lets a release out again that was taken back.

    Raises Refused(QUARANTINED) where it was taken back and there is none.
    """
    from mooring.change.guards import Refusal, lifted
    from mooring.errors import Refused
    from mooring.outcome import Reason
    from mooring.rollout.quarantine import reason
    from mooring.spec import Guards, Override
    from mooring.spec.guards import TAKEN_BACK

    why = reason(book, plan.environment, plan.desired)
    if not why:
        return False
    owners = tuple(sorted({owner for guards in catalog.all(Guards).values() for owner in guards.override_owners}))
    refusal = Refusal(TAKEN_BACK, "", 1, 0, why, (plan.desired,), owners)
    used, ignored = lifted(refusal, catalog.all(Override).values(), plan.digest, plan.now)
    if used:
        console.note(f"override {', '.join(sorted(used))} lets this go out although {why}")
        return True
    fix = f"change what was wrong; if nothing was, an owner overrides guard {TAKEN_BACK} for plan {plan.digest}"
    raise Refused(Reason.QUARANTINED, ". ".join((why, *ignored)), fix)
