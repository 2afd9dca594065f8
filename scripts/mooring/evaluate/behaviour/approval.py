"""The second approval of a change that makes its own test easier: an override, whose owners review it in git."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from mooring.change.guards import Refusal, lifted
from mooring.evaluate.behaviour.values import Approval, Weakening
from mooring.release.canonical import canonical, digest
from mooring.spec import Guards, Override
from mooring.spec.guards import OWN_TEST


def second_approval(
    head: str,
    weakened: Iterable[Weakening],
    guards: Mapping[str, Guards],
    overrides: Iterable[Override],
    now: datetime,
) -> Approval | None:
    """None when nobody need approve. `head` is a release's digest, `guards` are the base's: they say who may.

    An override is bound to the release and to everything that is easier: one more thing needs another approval.
    """
    easier = tuple(one for one in weakened if one.together)
    if not easier:
        return None
    bound = digest(canonical({"release": head, "easier": [[one.place, one.code, one.text] for one in easier]}))
    owners = tuple(sorted({owner for document in guards.values() for owner in document.override_owners}))
    texts = tuple(f"{one.place}: {one.text}" for one in easier)
    refusal = Refusal(OWN_TEST, "", len(easier), 0, "the change makes its own test easier", texts, owners)
    used, ignored = lifted(refusal, overrides, bound, now)
    return Approval(bound, owners, min(used, default=""), ignored)
