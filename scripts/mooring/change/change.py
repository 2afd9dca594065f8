"""One difference between what runs and what should run, as a value."""

from dataclasses import dataclass
from typing import Any, Literal

from mooring.change.wording import show

Action = Literal["add", "remove", "change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that will be different.

    `path` is the dotted place in the document, "" for the whole of it; `before` and `after` are JSON values;
    `code` is from the table of meanings, `risk` its weight; `sentence` says it to a person, on one line free of
    control characters; `versions` are (live, desired), None on the side where the document does not exist.
    """

    kind: str
    name: str
    action: Action
    path: str
    before: Any
    after: Any
    code: str
    sentence: str
    risk: int
    versions: tuple[str | None, str | None]
    owner: str

    @property
    def document(self) -> str:
        """`tool crm/delete-contact`"""
        return f"{self.kind} {show(self.name)}"

    @property
    def text(self) -> str:
        """`tool crm/delete-contact: no longer waits for human approval`"""
        return f"{self.document}: {self.sentence}"

    def data(self) -> dict[str, Any]:
        """JSON-able, every field."""
        return {
            "kind": self.kind,
            "name": self.name,
            "action": self.action,
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "code": self.code,
            "text": self.text,
            "risk": self.risk,
            "versions": list(self.versions),
            "owner": self.owner,
        }
