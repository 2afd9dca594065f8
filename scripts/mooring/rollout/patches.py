"""Changes of an environment beside git: who made which, why, and until when. Plain values with a JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Patch:
    """Values of one document by dotted path, until a time. Times are seconds since the epoch.

    `kind` is a word such as `model`; `owner` is who made it and answers for it.
    """

    kind: str
    name: str
    values: dict[str, Any]
    owner: str
    reason: str
    since: float
    until: float

    def covers(self, kind: str, name: str, path: str) -> bool:
        """Whether it sets the value at a path, or something below or above it."""
        return (self.kind, self.name) == (kind, name) and any(
            f"{path}.".startswith(f"{mine}.") or f"{mine}.".startswith(f"{path}.") for mine in self.values
        )


@dataclass(frozen=True, slots=True)
class Hotfix:
    """The release `digest`: it is `base`, which came from git, with patches, the oldest one first."""

    digest: str
    base: str
    patches: tuple[Patch, ...]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The value of its JSON form."""
        return cls(data["digest"], data["base"], tuple(Patch(**patch) for patch in data["patches"]))

    def left(self, now: float) -> tuple[Patch, ...]:
        """The patches whose time is not over."""
        return tuple(patch for patch in self.patches if patch.until > now)

    def over(self, now: float) -> bool:
        """Whether the time of one of its patches is over."""
        return len(self.left(now)) < len(self.patches)
