"""What somebody said, understood or refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["en", "zh-CN"]


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the grammar's table with its arguments.

    `name` is in English and without the slash, such as `deploy rollback`. `arguments` are by the names that the table
    gives them, as text that the grammar has checked. `language` is that of the words which were said.
    """

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    language: Language = "en"

    @property
    def text(self) -> str:
        """As one says it in English."""
        shown = {"environment": "in {}", "reason": '"{}"'}
        said = [shown.get(name, "{}").format(value) for name, value in self.arguments.items()]
        return " ".join([f"/{self.name}", *said])


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a line is no command. `code` is from a closed list; `nearest` is the command that was perhaps meant."""

    code: str
    message: str
    nearest: str = ""
    language: Language = "en"
