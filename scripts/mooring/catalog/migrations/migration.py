"""A migration from one format of documents to the next, and the chain of them that one document needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Step = Callable[[dict[str, Any]], dict[str, Any]]
"""The data of a document of the older format as the newer one says it. Pure: gets a copy, reads nothing else."""


@dataclass(frozen=True, slots=True)
class Migration:
    """From `source` to `target`, both an `apiVersion`. Kinds without a step change their `apiVersion` alone."""

    source: str
    target: str
    steps: Mapping[str, Step] = field(default_factory=dict)

    def apply(self, data: dict[str, Any]) -> dict[str, Any]:
        """`data` may be changed; the result names the new format."""
        step = self.steps.get(data.get("kind", ""))
        return {**(step(data) if step else data), "apiVersion": self.target}


def chain(source: str, target: str, table: Sequence[Migration]) -> list[Migration]:
    """Migrations from `source` to `target`, in the order in which they apply. Raises LookupError without a way."""
    by_source = {migration.source: migration for migration in table}
    found: list[Migration] = []
    at = source
    while at != target:
        if at not in by_source or len(found) == len(table):
            raise LookupError(f"nothing migrates {at} to {target}")
        found.append(by_source[at])
        at = found[-1].target
    return found
