"""Overrides of what a command itself refuses, beside the guards of a plan."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mooring.errors import Refused
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.catalog.catalog import Catalog
    from mooring.change.plan import Plan
    from mooring.report.console import Console


def lift(
    catalog: "Catalog",
    plan: "Plan",
    guard: str,
    names: Sequence[str],
    reason: str,
    what: str,
    told: str,
    fix: str,
    console: "Console",
) -> Sequence[str]:
    """The overrides that let the plan through a guard, which refuses `names` for `reason`.

    Raises Refused(GUARDED) with `fix` when there is none, and prints the one that it would take first: `what` it
    allows, below the sentence `told`, in which `{file}` is where it goes.
    """
    from mooring.change.guards import Refusal, lifted
    from mooring.report.plan_override import file_of, override_yaml, short
    from mooring.spec import Guards, Override

    owners = tuple(sorted({owner for guards in catalog.all(Guards).values() for owner in guards.override_owners}))
    refusal = Refusal(guard, "", len(names), 0, reason, tuple(names), owners)
    used, ignored = lifted(refusal, catalog.all(Override).values(), plan.digest, plan.now)
    if used:
        return sorted(used)
    name = f"{plan.environment}-{short(plan.digest)}"
    console.line(told.format(file=file_of(name)))
    console.line()
    console.line(override_yaml(name, what, plan.digest, owners or ("@owner",), [guard], plan.now))
    raise Refused(Reason.GUARDED, ". ".join((f"guard {guard}: {reason}", *ignored)), fix)
