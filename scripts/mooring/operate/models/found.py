"""What was found out about a model, as values."""

from dataclasses import asdict, dataclass
from typing import Any

WAYS = ("text", "tools", "stream", "json")
"""The ways in which a model is asked: for words, for a call of a tool, for words as they come, for JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one way went. `trouble` says in a line why it did not work, "" where it did.

    `first` are the seconds until a stream began; None for ways that do not stream, or when nothing came.
    """

    way: str
    trouble: str = ""
    seconds: float | None = None
    first: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def works(self) -> bool:
        return not self.trouble


@dataclass(frozen=True, slots=True)
class Asked:
    """One model of an environment. `needs` are the ways in which its agents ask it.

    `trouble` is what keeps it from being asked at all, or from answering in any way; then `answers` are not all there.
    A simulated model is not asked. `limit` are the seconds within which its strictest rung wants an answer, and
    `limited_by` names it.
    """

    model: str
    provider: str
    id: str
    endpoint: str
    url: str
    needs: tuple[str, ...]
    limit: float
    limited_by: str
    answers: tuple[Answer, ...] = ()
    trouble: str = ""
    cost_usd: float = 0.0

    @property
    def real(self) -> bool:
        return self.endpoint == "real"

    @property
    def well(self) -> bool:
        """Whether it answers in every way that its agents need."""
        works = {answer.way for answer in self.answers if answer.works}
        return not self.trouble and set(self.needs) <= works

    def answer(self, way: str) -> Answer | None:
        """How a way went; None where it was not tried."""
        return next((answer for answer in self.answers if answer.way == way), None)

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        answers = {answer.way: {**asdict(answer), "works": answer.works} for answer in self.answers}
        return {**asdict(self), "answers": answers, "well": self.well if self.real else None}
