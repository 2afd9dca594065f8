"""What came of a live drill: what was promised, what was seen, and whether the promises held."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mooring.change.wording import count

HELD, BROKEN, INCONCLUSIVE = "held", "broken", "inconclusive"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was done to the copy. `held` is None where nothing can be said of the promise."""

    what: str
    promised: str
    seen: str
    held: bool | None

    @property
    def result(self) -> str:
        return INCONCLUSIVE if self.held is None else HELD if self.held else BROKEN


@dataclass(frozen=True, slots=True)
class Exercised:
    """A drill that has ended. `said` is its result in one line; `figures` are JSON-able, times in seconds."""

    name: str
    checks: tuple[Check, ...]
    said: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """Broken when any promise was; held when all were kept and there was one at least."""
        results = {check.result for check in self.checks}
        if BROKEN in results:
            return BROKEN
        return HELD if results == {HELD} else INCONCLUSIVE

    @property
    def reasons(self) -> tuple[str, ...]:
        """What did not hold, or could not be told."""
        return tuple(f"{check.what}: {check.seen}" for check in self.checks if not check.held)

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        told = {"name": self.name, "result": self.result, "said": self.said, "figures": dict(self.figures)}
        return told | {"checks": [asdict(check) | {"result": check.result} for check in self.checks]}


def kept(checks: tuple[Check, ...]) -> str:
    """How many promises were kept, as a line that ends a drill."""
    held = sum(check.held is True for check in checks)
    return f"{held} of {count(len(checks), 'promise')} kept"


def percentile(values: list[float], rank: float) -> float:
    """The value at a rank of 0 to 1, by the nearest one; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(rank * (len(ordered) - 1)))] if ordered else 0.0
