"""Criteria that a judge says yes or no to, type by type.

Sources: https://github.com/openai/evals/blob/main/evals/registry/modelgraded/fact.yaml and closedqa.yaml beside it,
which promptfoo's `factuality` and `model-graded-closedqa` follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Criteria:
    """`steps` may name the assertion's `{value}`; with `reference` the value is shown as the expected output."""

    steps: tuple[str, ...]
    reference: bool = False


STRICT: Mapping[str, Criteria] = MappingProxyType(
    {
        "factuality": Criteria(
            (
                "Compare the facts that the actual output states with those of the expected output.",
                "Ignore differences of style, grammar and punctuation.",
                "It passes when both state the same facts, also where they differ in ways that do not matter to them.",
                "It passes when the actual output states fewer or more facts and contradicts none.",
                "It fails when a fact of the actual output contradicts a fact of the expected output.",
            ),
            reference=True,
        ),
        "closed-qa": Criteria(
            (
                "The one criterion is: {value}",
                "It passes only when the actual output meets this criterion as a whole; nothing else matters.",
            )
        ),
    }
)
