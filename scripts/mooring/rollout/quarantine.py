"""Releases that were taken back from traffic: the same one stays out, however it comes, until it differs.

What differs has another digest. Other releases that go out meanwhile do not end it; only an override does, that an
owner commits for one plan.
"""

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.actions import short
from mooring.rollout.ledger import Ledger
from mooring.timestamps import iso


def refuse(ledger: Ledger, environment: str, digest: str) -> None:
    """Raises Refused(QUARANTINED) for a release that was taken back and has not served since."""
    if why := reason(ledger, environment, digest):
        fix = "change what was wrong, so that it is another release, and merge that"
        raise Refused(Reason.QUARANTINED, why, fix)


def reason(ledger: Ledger, environment: str, digest: str) -> str:
    """Why a release stays out; "" where it does not."""
    taken = ledger.taken_back(environment, digest)
    if taken is None:
        return ""
    detail = f" ({taken.state['detail']})" if taken.state.get("detail") else ""
    return f"{short(digest)} was taken back at {iso(taken.at)}{detail} and stays out until it differs"
