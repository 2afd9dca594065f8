"""Drift: what is done about a field that is not what git says, by field and environment."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mooring.spec.document import Document, Name, Owner, Part

FieldPattern = Annotated[str, StringConstraints(pattern=r"^[^\s:]+:[^\s:]+$", max_length=300)]


class DriftRule(Part):
    """An answer to drift of some fields. The first rule that names a field decides."""

    fields: tuple[FieldPattern, ...] = Field(
        min_length=1,
        description="Kind, name and path, with `*` for anything, such as `model/*:options.temperature`; "
        "`other-code:*` and `stored-release-altered:*` where no field differs, and `settings-changed:*` for "
        "settings of GitHub, such as `settings-changed:merging.approvals`.",
    )
    environments: tuple[Name, ...] = Field(default=(), description="Absent: every environment.")
    answer: Literal["heal", "adopt", "report", "tolerate"] = Field(
        description="`heal` deploys git's release, `adopt` proposes the running value to git, `report` does neither, "
        "and `tolerate` does not count it as drift until a date."
    )
    until: datetime | None = Field(default=None, description="Until when it is tolerated; reported from then on.")
    owner: Owner | None = Field(default=None, description="Who answers for what is tolerated.")
    reason: str | None = Field(default=None, min_length=1, description="Why it is tolerated.")


class BehaviourDrift(Part):
    """How `moor drift --behaviour` asks what runs."""

    budget_usd: float = Field(default=2.0, gt=0, description="US dollars that one look may cost.")


class Drift(Document):
    """Answers to drift. What no rule names is answered by `answer`."""

    kind: Literal["Drift"]
    answer: Literal["heal", "adopt", "report"] = "report"
    rules: tuple[DriftRule, ...] = ()
    behaviour: BehaviourDrift = BehaviourDrift()
