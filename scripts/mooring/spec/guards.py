"""Guards: what a plan may change without a named override."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from mooring.spec.document import Digest, Document, Owner, Part

MAX_RISK, OWN_TEST, ONE_WAY, FRESH_PROOFS = "max-risk", "own-test", "one-way-door", "fresh-proofs"
REVIEWED_PLAN, TAKEN_BACK = "reviewed-plan", "taken-back"
"""Names by which an override means the limit on risk, a change that makes its own test easier, a migration of the
database after which the release before cannot come back, live drills that are too long ago or did not hold, a merge
that means something else than its reviewers saw, and a release that was taken back from traffic."""
COMMANDS = frozenset({MAX_RISK, OWN_TEST, ONE_WAY, FRESH_PROOFS, REVIEWED_PLAN, TAKEN_BACK})
"""Guards that no document has: commands themselves hold them."""


class Guard(Part):
    """A limit on changes of certain meanings, such as at most 0 of `tool.gained-write`.

    `meanings` are codes of the table of meanings, or a prefix such as `tool.*`.
    """

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    meanings: tuple[str, ...] = Field(min_length=1)
    at_most: int = Field(default=0, ge=0)
    reason: str = Field(min_length=1, description="Why this needs a second look; shown when it refuses.")


class Guards(Document):
    """Limits on a plan. `max_risk` bounds the sum of the changes' risk weights."""

    kind: Literal["Guards"]
    max_risk: int = Field(ge=1)
    guards: tuple[Guard, ...] = Field(min_length=1)
    override_owners: tuple[Owner, ...] = Field(min_length=1)


class Override(Document):
    """Lets one plan pass named guards: bound to the plan's digest, owned, and expiring."""

    kind: Literal["Override"]
    plan: Digest
    guards: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: datetime
