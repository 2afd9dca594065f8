"""The interface of an arm."""

from typing import Protocol

from mooring.drill.answer import Said
from mooring.spec.drill import Question


class Arm(Protocol):
    """Started once, asked many questions at a time, closed."""

    async def start(self) -> None:
        """Raises `Failed` when it cannot answer."""

    async def ask(self, question: Question) -> Said:
        """Raises whatever goes wrong."""

    async def close(self) -> None: ...

    def retries(self) -> tuple[int, int]:
        """Model calls that needed more than one try, and those of them that succeeded."""


def messages(question: Question) -> list[dict[str, str]]:
    """The conversation of a question, as chat completions take it."""
    told: list[dict[str, str]] = []
    for number in range(question.turns):
        told.append({"role": "user", "content": f"{question.filler} ({number + 1})"})
        told.append({"role": "assistant", "content": f"{question.filler} ({number + 1})"})
    return [*told, {"role": "user", "content": question.say}]
