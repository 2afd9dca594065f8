"""What came of one check."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

Area = Literal["machine", "environment", "settings", "runner", "schedule", "secret", "owner"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`unknown` is a check that could not be made, which is never `ok`.

    `what` is what was found, `why` in a clause why that matters, and `fix` what to do; the last two are "" where all
    is well.
    """

    area: Area
    check: str
    state: Literal["ok", "finding", "unknown"]
    what: str
    why: str = ""
    fix: str = ""

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Check:
    """Makes diagnoses of one check."""

    area: Area
    name: str

    def ok(self, what: str) -> Diagnosis:
        return Diagnosis(self.area, self.name, "ok", what)

    def finding(self, what: str, why: str, fix: str) -> Diagnosis:
        return Diagnosis(self.area, self.name, "finding", what, why, fix)

    def unknown(self, what: str, fix: str = "") -> Diagnosis:
        return Diagnosis(self.area, self.name, "unknown", what, "", fix)


def or_ok(found: Iterable[Diagnosis], check: Check, what: str) -> Iterator[Diagnosis]:
    """What was found, or that it is ok where that is nothing."""
    any_found = False
    for one in found:
        any_found = True
        yield one
    if not any_found:
        yield check.ok(what)
