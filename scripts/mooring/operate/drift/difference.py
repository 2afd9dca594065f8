"""One difference between what git says, what was deployed and what runs, as a value."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mooring.catalog.secrets import masked
from mooring.change.change import Change


class Moved(StrEnum):
    """Which side moved, and how."""

    BEHIND = "behind"
    UNMERGED = "unmerged"
    IN_PLACE = "changed in place"
    ALTERED = "stored release altered"
    OTHER_CODE = "other code"
    UNKNOWN = "slot unknown"
    SETTINGS = "settings changed"
    SETTINGS_UNKNOWN = "settings unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is done about a difference: heal, adopt, report or tolerate. `rule` says where that is written, "" for the
    answer to what no rule names. `until`, `owner` and `reason` are those of a toleration."""

    what: str
    rule: str = ""
    until: str | None = None
    owner: str | None = None
    reason: str | None = None


REPORT = Answer("report")


@dataclass(frozen=True, slots=True)
class Difference:
    """`before` and `after` of a change are in the order of time: what was, and what the side that moved made of it.

    `where` is a slot, a release or "" ; `who` is who moved it as far as that is known; `since` are seconds since the
    epoch. `change` is None where no field differs.
    """

    moved: Moved
    where: str
    sentence: str
    who: str
    change: Change | None = None
    since: float | None = None
    answer: Answer = REPORT

    @property
    def field(self) -> str:
        """`model/openai/small:options.temperature`, or such as `other-code:green` where no field differs."""
        if self.change is None:
            return f"{self.moved.replace(' ', '-')}:{self.where}"
        return f"{self.change.kind}/{self.change.name}:{self.change.path}"

    @property
    def key(self) -> str:
        """Names it, so that it is known again."""
        return f"{self.moved}|{self.field}"

    def answered(self, answer: Answer) -> "Difference":
        return replace(self, answer=answer)

    def data(self) -> dict[str, Any]:
        """JSON-able, with whatever looks like a secret masked."""
        change = _masked(self.change.data()) if self.change else None
        answer = {
            "what": self.answer.what,
            "rule": self.answer.rule,
            "until": self.answer.until,
            "owner": self.answer.owner,
            "reason": self.answer.reason,
        }
        return {
            "moved": self.moved,
            "field": self.field,
            "where": self.where,
            "text": masked(self.sentence),
            "who": self.who,
            "since": self.since,
            "change": change,
            "answer": answer,
        }


def _masked(value: Any) -> Any:
    match value:
        case str():
            return masked(value)
        case list() | tuple():
            return [_masked(item) for item in value]
        case dict():
            return {name: _masked(item) for name, item in value.items()}
    return value
