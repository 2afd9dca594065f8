"""Where a trial's replies meet the assertions."""

from collections.abc import Sequence

from mooring.evaluate.job import Job
from mooring.evaluate.values import Reply, Score
from mooring.spec.suite import Case, EvalSuite


async def judged(suite: EvalSuite, case: Case, replies: Sequence[Reply], job: Job) -> tuple[Score, ...]:
    """The scores of one trial."""
    text = replies[-1].text
    return tuple(
        Score(it.type, it.metric or it.type, ok := str(it.value) in text, float(ok), it.weight, reason=f"{it.value!r}")
        for it in case.assertions
    )
