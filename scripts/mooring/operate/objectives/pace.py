"""How long alerts look back, and how long they wait: the windows of burn rates, which tests make shorter."""

from collections.abc import Iterable
from dataclasses import dataclass

from mooring.rollout.objectives.burn import FAST
from mooring.spec.objectives import Objective, Severity

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Tier:
    """An alert on a budget that burns `factor` times as fast as it may, over a long and a short window, in seconds.

    The long one says that it matters, the short one that it still goes on: so the alert ends soon after the burning.
    Source: Site Reliability Workbook, chapter 5, table 5-8.
    """

    factor: float
    long: int
    short: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class Pace:
    """`wait` is how long a level must be missed, `calm` how long an alert goes on after its cause. In seconds.

    `down` is how long an environment may be down or unseen, `shortest` the shortest window over which a rate is told.
    """

    tiers: tuple[Tier, ...] = (
        Tier(FAST, HOUR, 5 * MINUTE, "page"),
        Tier(6, 6 * HOUR, 30 * MINUTE, "page"),
        Tier(3, DAY, 2 * HOUR, "ticket"),
        Tier(1, 3 * DAY, 6 * HOUR, "ticket"),
    )
    wait: int = 5 * MINUTE
    calm: int = 5 * MINUTE
    down: int = MINUTE
    shortest: int = 2 * MINUTE
    group_wait: int = 30
    group_interval: int = 5 * MINUTE

    def of(self, objective: Objective) -> tuple[Tier, ...]:
        """The tiers of an objective. One that is shorter than a tier's window has its own window as the last tier.

        Nobody is woken up for one whose severity is `ticket`; and where no tier pages, the last one does.
        """
        length = objective.seconds
        kept = [tier for tier in self.tiers if tier.long < length]
        if len(kept) < len(self.tiers):
            kept.append(Tier(1, length, self.within(length), "ticket"))
        if objective.severity == "ticket":
            kept = [Tier(tier.factor, tier.long, tier.short, "ticket") for tier in kept]
        elif all(tier.severity == "ticket" for tier in kept):
            kept[-1] = Tier(kept[-1].factor, kept[-1].long, kept[-1].short, "page")
        return tuple(kept)

    def within(self, length: int) -> int:
        """The short window beside a long one."""
        return max(self.shortest, length // 12)


USUAL = Pace()


def windows(tiers: Iterable[Tier]) -> list[int]:
    """Every window of the tiers, the shortest first."""
    return sorted({length for tier in tiers for length in (tier.long, tier.short)})


def duration(seconds: int) -> str:
    """As Prometheus writes it, in the largest unit that is whole: `30d`, `90m`."""
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
