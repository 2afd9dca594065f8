"""What came of a question."""

from dataclasses import dataclass

MODEL_RUNGS = ("L0", "L1", "L2")
"""Rungs whose answers count as answers."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an arm said to a question: its text, and the rung that it is from, "" when it failed with `error`."""

    text: str
    rung: str
    cost_usd: float = 0.0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question's answer. `at` and `seconds` count from the moment at which it was to be asked.

    `right` says that the text is a right answer, whoever gave it; `calls` are model calls, `sick_calls` those to the
    vendor of the first rung while it was failing, and `sick` says that it was when the question was asked.
    """

    seed: int
    number: int
    at: float
    seconds: float
    weight: float
    cluster: int
    stratum: str
    rung: str
    right: bool
    error: str
    calls: int
    sick: bool
    sick_calls: int
    cost_usd: float
    late: bool

    @property
    def good(self) -> bool:
        """A right answer in time from a model."""
        return self.right and not self.late and self.rung in MODEL_RUNGS

    @property
    def useful(self) -> bool:
        """The same, or a prepared answer in time: L3."""
        return self.good or (self.rung == "L3" and not self.late)
