"""One setting of the repository: what it is, what it should be, and how it is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mooring.operate.repository.settings.asking import Asking

Values = Mapping[str, Any]


class Unseen:
    """A value that GitHub does not show to this token."""

    def __repr__(self) -> str:
        return "not shown"


UNSEEN = Unseen()


class Setting(Protocol):
    """What one request sets. `path` begins the places of its values in the Repository document, "" for its root."""

    @property
    def title(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def wanted(self) -> Values: ...

    def read(self, asking: Asking) -> Values | None:
        """The values by the names of `wanted`; None where there is no such thing yet. Failed(PROCESS)."""

    def put(self, asking: Asking) -> None:
        """Sets all of `wanted`, and leaves alone what it does not name. Failed(PROCESS)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`found` is what is, `wanted` what should be; `name` is "" where there is no such thing at all."""

    title: str
    path: str
    name: str
    found: Any
    wanted: Any

    @property
    def text(self) -> str:
        """`ruleset “mooring”: approvals is 0 and should be 1`"""
        if not self.name:
            return f"{self.title}: there is none"
        return f"{self.title}: {self.name} is {shown(self.found)} and should be {shown(self.wanted)}"

    @property
    def details(self) -> list[str]:
        """What would be made of a thing that is not there at all, in a line for each value."""
        return [] if self.name else [f"{name}: {shown(value)}" for name, value in self.wanted.items()]

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {"setting": self.title, "path": self.path, "name": self.name, "is": self.found, "should": self.wanted}


def compare(setting: Setting, values: Values | None) -> tuple[list[Difference], list[str]]:
    """What differs, and the names of the values that the token does not see."""
    if values is None:
        return [Difference(setting.title, setting.path, "", None, dict(setting.wanted))], []
    differing, unseen = [], []
    for name, wanted in setting.wanted.items():
        value = values.get(name)
        if value is UNSEEN:
            unseen.append(name)
        elif value != wanted:
            path = f"{setting.path}.{name}" if setting.path else name
            differing.append(Difference(setting.title, path, name, value, wanted))
    return differing, unseen


def shown(value: Any) -> str:
    """A value in words."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not set" if value is None else str(value)
