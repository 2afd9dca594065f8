"""Whether a plan may go out: limits on risk and on meanings, and overrides that count."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from mooring.change.change import Change
from mooring.change.meaning import MEANINGS, stands_for
from mooring.change.wording import clip, count
from mooring.spec import Guards, Override
from mooring.spec.guards import MAX_RISK, Guard

VALID = "guards-valid"
"""A release is refused when nothing judges it, or a guard watches for what does not exist; nothing overrides that."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit that a plan exceeds. `owners` may override it; `ignored` says why overrides do not count."""

    guard: str
    document: str
    found: int
    limit: int
    reason: str
    changes: tuple[str, ...]
    owners: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = "risk" if self.guard == MAX_RISK else "changes"
        most = "" if self.guard == VALID else f" {what} {self.found}, at most {self.limit}:"
        return ". ".join((f"guard {self.guard}:{most} {clip(self.reason, 300)}", *self.ignored))

    def data(self) -> dict[str, Any]:
        """JSON-able, every field."""
        return {
            "guard": self.guard,
            "document": self.document,
            "found": self.found,
            "limit": self.limit,
            "reason": self.reason,
            "changes": list(self.changes),
            "owners": list(self.owners),
            "ignored": list(self.ignored),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """`limit` is the lowest limit on risk, None where none applies; `used` are names of overrides that count."""

    risk: int
    limit: int | None
    refusals: tuple[Refusal, ...]
    used: tuple[str, ...]

    @property
    def unsafe(self) -> bool:
        return bool(self.refusals)


@dataclass(frozen=True, slots=True)
class Judges:
    """The guards that judge a plan: those that run, so that no change loosens its own judge, and those to come.

    A first deployment has no live guards. It replaces nothing, so its risk is not limited; named guards hold.
    """

    live: Mapping[str, Guards] | None
    desired: Mapping[str, Guards]

    def refusals(self, changes: tuple[Change, ...]) -> Iterator[Refusal]:
        """Every limit that is broken, of limits with one name in one document the stricter."""
        yield from self._invalid()
        for document in sorted({*(self.live or {}), *self.desired}):
            broken: dict[str, Refusal] = {}
            for guards in self._versions(document):
                for refusal in self._broken(guards, changes):
                    if refusal.guard not in broken or refusal.limit < broken[refusal.guard].limit:
                        broken[refusal.guard] = refusal
            yield from broken.values()

    def _invalid(self) -> Iterator[Refusal]:
        if not self.desired:
            yield Refusal(VALID, "", 0, 0, "no limits are set; add a Guards document under configs/operations", (), ())
        for document, guards in sorted(self.desired.items()):
            for guard in guards.guards:
                for meaning in guard.meanings:
                    if not any(stands_for(meaning, code) for code in MEANINGS):
                        reason = f"{guard.name} in {document} watches {meaning}, which no change means"
                        yield Refusal(VALID, document, 0, 0, reason, (), ())

    def limit(self) -> int | None:
        """The lowest limit on risk."""
        if self.live is None:
            return None
        return min((guards.max_risk for guards in (*self.live.values(), *self.desired.values())), default=None)

    def _versions(self, document: str) -> list[Guards]:
        return [side[document] for side in (self.live or {}, self.desired) if document in side]

    def _broken(self, guards: Guards, changes: tuple[Change, ...]) -> Iterator[Refusal]:
        risk = sum(change.risk for change in changes)
        owners = self._owners(guards)
        if self.live is not None and risk > guards.max_risk:
            worst = sorted((change for change in changes if change.risk), key=lambda change: -change.risk)
            texts = tuple(change.text for change in worst)
            reason = f"{count(len(texts), 'change')} at once are too much to watch; split them, or have them overridden"
            yield Refusal(MAX_RISK, guards.name, risk, guards.max_risk, reason, texts, owners)
        for guard in guards.guards:
            texts = tuple(change.text for change in changes if watches(guard, change))
            if len(texts) > guard.at_most:
                yield Refusal(guard.name, guards.name, len(texts), guard.at_most, guard.reason, texts, owners)

    def _owners(self, guards: Guards) -> tuple[str, ...]:
        """Who may override: said by the live version of the document, or by all live ones if it is new."""
        if self.live is None:
            return guards.override_owners
        said = [self.live[guards.name]] if guards.name in self.live else self.live.values()
        return tuple(sorted({owner for live in said for owner in live.override_owners}))


def watches(guard: Guard, change: Change) -> bool:
    """Whether a guard counts this change."""
    return any(stands_for(meaning, change.code) for meaning in guard.meanings)


def guard(
    changes: tuple[Change, ...], judges: Judges, overrides: Iterable[Override], plan_digest: str, now: datetime
) -> Verdict:
    """What the guards say about a plan. An override counts when it names the guard and this plan's digest,
    has not expired at `now` (aware; an expiry without a zone is in UTC), and its owner may override."""
    chosen = tuple(overrides)
    refusals, used = [], set[str]()
    for refusal in judges.refusals(changes):
        counting, ignored = lifted(refusal, chosen, plan_digest, now)
        used |= counting
        if not counting:
            refusals.append(replace(refusal, ignored=ignored))
    risk = sum(change.risk for change in changes)
    return Verdict(risk, judges.limit(), tuple(refusals), tuple(sorted(used)))


def lifted(
    refusal: Refusal, overrides: Iterable[Override], plan_digest: str, now: datetime
) -> tuple[set[str], tuple[str, ...]]:
    """(names of the overrides that lift a refusal, why others that name its guard do not count)."""
    chosen = sorted((one for one in overrides if refusal.guard in one.guards), key=lambda override: override.name)
    objections = {override.name: _objection(override, refusal, plan_digest, now) for override in chosen}
    return {name for name, why in objections.items() if not why}, tuple(why for why in objections.values() if why)


def _objection(override: Override, refusal: Refusal, plan_digest: str, now: datetime) -> str:
    """Why an override that names the guard does not count, "" when it does."""
    expires = override.expires if override.expires.tzinfo else override.expires.replace(tzinfo=UTC)
    name = f"override {override.name} does not count:"
    if refusal.guard == VALID:
        return f"{name} nothing overrides this"
    if override.plan != plan_digest:
        return f"{name} it is for plan {override.plan}, this one is {plan_digest}"
    if expires <= now:
        return f"{name} it expired at {expires.isoformat()}"
    if override.owner not in refusal.owners:
        return f"{name} its owner {override.owner} is none of {', '.join(refusal.owners)}"
    return ""
