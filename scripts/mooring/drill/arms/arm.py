"""The interface of an arm."""

from typing import Literal, Protocol

from mooring.drill.answer import Said
from mooring.runtime.core.prompt import Text
from mooring.runtime.watch.telemetry import Metrics
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


ROLES: tuple[Literal["user", "assistant"], ...] = ("user", "assistant")


def turns(question: Question) -> list[Text]:
    """The conversation before a question."""
    numbered = (f"{question.filler} ({number + 1})" for number in range(question.turns))
    return [(role, text) for text in numbered for role in ROLES]


def retried(metrics: Metrics) -> tuple[int, int]:
    """Model calls of a runtime that needed more than one try, and those of them that succeeded."""
    counted = {"success": 0, "failure": 0}
    for metric in metrics.retried.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                counted[sample.labels["outcome"]] += int(sample.value)
    return counted["success"] + counted["failure"], counted["success"]
