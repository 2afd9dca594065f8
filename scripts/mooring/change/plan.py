"""A plan: what a deployment would change, what that means, and whether it may."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mooring.change.change import Change
from mooring.change.diff import diff
from mooring.change.guards import Judges, Refusal, Verdict, guard
from mooring.errors import UsageError
from mooring.release.canonical import canonical, digest
from mooring.release.release import Release
from mooring.spec import Override


@dataclass(frozen=True, slots=True)
class Plan:
    """A value that depends on the two releases only; the verdict depends on overrides and time as well.

    `digest` names what was reviewed: environment, both releases, and the changes in every detail.
    """

    environment: str
    desired: str
    live: str | None
    changes: tuple[Change, ...]
    digest: str
    verdict: Verdict
    now: datetime

    @property
    def in_sync(self) -> bool:
        """Whether there is nothing to deploy: this release runs already."""
        return self.desired == self.live

    @property
    def meaning(self) -> str:
        """The digest of what the changes mean: equal for plans between other releases that change the same."""
        said = [{name: value for name, value in change.data().items() if name != "versions"} for change in self.changes]
        return digest(canonical({"environment": self.environment, "changes": said}))

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return self.verdict.refusals

    def data(self) -> dict[str, Any]:
        """JSON-able. `plan` is the digest to deploy with."""
        return {
            "environment": self.environment,
            "plan": self.digest,
            "meaning": self.meaning,
            "inSync": self.in_sync,
            "desired": self.desired,
            "live": self.live,
            "risk": {"sum": self.verdict.risk, "limit": self.verdict.limit},
            "changes": [change.data() for change in self.changes],
            "refusals": [refusal.data() for refusal in self.refusals],
            "overridesUsed": list(self.verdict.used),
        }


def make_plan(desired: Release, live: Release | None, overrides: Iterable[Override], now: datetime) -> Plan:
    """The plan that turns `live` into `desired`; `live` is None for a first deployment. `now` is aware.

    UsageError when the two are releases of different environments.
    """
    environment = desired.content.environment.name
    if live is not None and live.content.environment.name != environment:
        raise UsageError(f"a release of {live.content.environment.name} cannot be compared with one of {environment}")
    in_sync = live is not None and live.digest == desired.digest
    changes = () if in_sync else diff(desired.content, live.content if live else None) or (_rewritten(desired),)
    name = _digest(environment, desired, live, changes)
    judges = Judges(live.content.guards if live else None, desired.content.guards)
    verdict = Verdict(0, judges.limit(), (), ()) if in_sync else guard(changes, judges, overrides, name, now)
    return Plan(environment, desired.digest, live.digest if live else None, changes, name, verdict, now)


def _digest(environment: str, desired: Release, live: Release | None, changes: tuple[Change, ...]) -> str:
    reviewed = {
        "environment": environment,
        "desired": desired.digest,
        "live": live.digest if live else None,
        "changes": [change.data() for change in changes],
    }
    return digest(canonical(reviewed))


def _rewritten(desired: Release) -> Change:
    """The one change between releases of equal meaning, such as after the document format gained a field."""
    document = desired.content.environment
    return Change(
        kind="environment",
        name=document.name,
        action="change",
        path="",
        before=None,
        after=None,
        code="document.metadata",
        sentence="the same content, written by another version of Mooring",
        risk=0,
        versions=(document.version, document.version),
        owner=document.owner,
    )
