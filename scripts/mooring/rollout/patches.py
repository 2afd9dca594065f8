"""Changes of an environment beside git: who made which, why, and until when. Plain values with a JSON form."""

import json
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


def told(value: Any) -> str:
    """A patch's value as JSON text, with `[secret]` in place of what looks like one."""
    from mooring.catalog.secrets import masked

    return masked(json.dumps(value, ensure_ascii=False))


def shown(patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch's JSON form for whoever may read it: a value in which something looks like a secret is `told`."""
    texts = {path: told(value) for path, value in patch["values"].items()}
    values = {path: text if "[secret]" in text else patch["values"][path] for path, text in texts.items()}
    return {**patch, "values": values}


def all_shown(data: Any) -> Any:
    """The JSON form of an event or a state, with the patches of every hotfix in it as they are `shown`."""
    match data:
        case {"patches": [*patches], **rest}:
            return {**all_shown(rest), "patches": [*map(shown, patches)]}
        case dict():
            return {name: all_shown(value) for name, value in data.items()}
        case list() | tuple():
            return [*map(all_shown, data)]
    return data
