"""The ledger's receipt of a live drill, and whether receipts are fresh enough for a release to go out."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mooring import __version__
from mooring.operate.entry import write
from mooring.operate.exercises.outcome import HELD, Exercised
from mooring.release.program import program
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event
from mooring.spec.environment import Exercise, Proof
from mooring.timestamps import iso

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Drilled(Event):
    """A live drill has ended. `release` is what the environment's documents made, `program` the digest of the code.

    It took `seconds`; `reasons` are the promises that did not hold, or of which nothing can be said.
    """

    exercise: str
    result: str
    said: str
    figures: dict[str, Any]
    reasons: tuple[str, ...]
    seconds: float
    release: str
    version: str
    program: str


def record(ledger: Ledger, environment: str, actor: str, found: Exercised, release: str, seconds: float) -> Entry:
    """Writes the receipt. Raises Refused(LOCKED) while somebody deploys, Failed(STORAGE)."""
    event = Drilled(
        time.time(),
        found.name,
        found.result,
        found.said,
        dict(found.figures),
        found.reasons,
        round(seconds, 1),
        release,
        __version__,
        program(),
    )
    return write(ledger, environment, actor, "note", event)


def told(ledger: Ledger, environment: str, demanded: Mapping[Exercise, Proof], now: float) -> list[dict[str, Any]]:
    """The last receipt of each drill, and each that is demanded and has none; JSON-able.

    `days` is how old it may be, None where nothing is demanded; `due` says why it does not count, "" when it does.
    """
    newest, wanted = ledger.drilled(environment), {str(name): proof for name, proof in demanded.items()}
    return [_told(name, newest.get(name), wanted.get(name), now) for name in sorted({*newest, *wanted})]


def _told(name: str, entry: Entry | None, demanded: Proof | None, now: float) -> dict[str, Any]:
    known: dict[str, Any] = {"exercise": name, "days": demanded.days if demanded else None}
    known["due"] = _due(entry, demanded, now) if demanded else ""
    if entry is None:
        return known | {"at": None, "result": None}
    kept = ("result", "said", "figures", "reasons", "seconds", "release", "version", "program")
    return known | {"at": iso(entry.at), "actor": entry.actor, **{key: entry.event[key] for key in kept}}


def _due(entry: Entry | None, demanded: Proof, now: float) -> str:
    if entry is None:
        return "it never ran"
    if (result := entry.event["result"]) != HELD:
        return f"the last one was {result} ({iso(entry.at)})"
    age = (now - entry.at) / DAY
    return f"the last one is {age:.1f} days old, at most {demanded.days:g} are allowed" if age > demanded.days else ""


def missing(
    ledger: Ledger, environment: str, demanded: Mapping[Exercise, Proof], now: float
) -> Iterator[tuple[str, str]]:
    """(drill, why it must run) for each that is demanded and does not count."""
    for one in told(ledger, environment, demanded, now):
        if one["due"]:
            yield one["exercise"], one["due"]
