"""What the scores of a case come to."""

from collections.abc import Sequence

from mooring.evaluate.values import Reply, Score
from mooring.spec.suite import Case

ANSWERED = "answered"
"""The type of the score that a case gets for a run that ended without an answer."""


def unanswered(replies: Sequence[Reply]) -> tuple[Score, ...]:
    """A failed score for every turn that the agent broke off."""
    return tuple(
        Score(ANSWERED, ANSWERED, False, 0.0, reason=reply.error, turn=turn)
        for turn, reply in enumerate(replies)
        if reply.error
    )


def passed(case: Case, scores: Sequence[Score]) -> bool | None:
    """Whether the case holds; None when something could not be judged, or nothing was.

    With a threshold of 1 every assertion with a weight must pass; below, the weighted mean of the scores decides.
    A critical assertion must pass in any case, whatever could not be judged besides.
    """
    counted = [score for score in scores if score.weight > 0 and score.blocking]
    if any(score.critical and not score.passed and not score.error for score in counted):
        return False
    if not counted or any(score.error for score in counted):
        return None
    if case.threshold >= 1 or any(score.type == ANSWERED for score in counted):
        return all(score.passed for score in counted)
    total = sum(score.weight for score in counted)
    return sum(score.score * score.weight for score in counted) / total >= case.threshold - 1e-9
