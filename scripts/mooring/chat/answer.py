"""What is answered: one value, which every platform shows in its own clothes, and a terminal as plain text."""

from dataclasses import dataclass
from enum import StrEnum

from mooring.chat.command import Language


class Stage(StrEnum):
    """How far it is. An answer is edited in place from one stage to the next."""

    QUEUED = "queued"
    RUNNING = "running"
    ASKS = "asks"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    ALERT = "alert"
    RESOLVED = "resolved"

    @property
    def final(self) -> bool:
        """Whether nothing follows."""
        return self in (Stage.DONE, Stage.FAILED, Stage.REFUSED, Stage.RESOLVED)


@dataclass(frozen=True, slots=True)
class Button:
    """`token` comes back with the press; `danger` is shown in red. The label is in the answer's language."""

    label: str
    token: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`title` is one line that says all by itself. Every text is plain: adapters escape what their platform would read.

    `facts` are (label, value) pairs; `table` is a heading and rows; `log` are lines of somebody else's writing, shown
    verbatim in a fence that they cannot leave. `who` and `seconds` say by whom and how long, once it is done.
    `code` is why it was refused or failed: one of `codes`, or of the reasons of `outcome`.
    """

    stage: Stage
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    log: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    link: str = ""
    who: str = ""
    seconds: float | None = None
    language: Language = "en"
    code: str = ""
