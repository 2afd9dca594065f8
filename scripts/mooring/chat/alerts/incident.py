"""What is told to a channel: one incident, from its begin to its end."""

from dataclasses import dataclass
from typing import Literal

from mooring.chat.answer import Answer

Severity = Literal["page", "ticket", "info"]


@dataclass(frozen=True, slots=True)
class Incident:
    """`key` names it for ever; up to its first `/` it names what was looked at.

    `answer` is what is told now; its stage says whether it is over. `alarm` says that a silence keeps it from being
    told.
    """

    key: str
    severity: Severity
    answer: Answer
    alarm: bool = False

    @property
    def over(self) -> bool:
        return self.answer.stage.final
