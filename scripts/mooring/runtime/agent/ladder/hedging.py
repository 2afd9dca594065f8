"""Decides when the next rung is asked beside a slow one: after how many seconds, and how often at most."""

import math
from collections import defaultdict, deque

from mooring.runtime.agent.allowance import Allowance
from mooring.spec.resilience import Hedge

RECENT, ENOUGH = 100, 20
"""Answers of a rung that are remembered, and how many it takes to tell what is normal."""

Kind = tuple[str, bool]
"""A rung's model, and whether it is a stream, whose first content comes much sooner than a whole answer."""


class Hedging:
    """Of the agents that share a profile."""

    def __init__(self, policy: Hedge) -> None:
        self.policy, self.allowance = policy, Allowance(policy.max_share)
        self._recent: defaultdict[Kind, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))

    def after(self, kind: Kind) -> float:
        """Seconds that a rung is waited for before the next one is asked beside it."""
        least, recent = self.policy.after_seconds, self._recent[kind]
        if self.policy.percentile is None or len(recent) < ENOUGH or max(recent) <= least:
            return least
        return max(least, quantile(recent, self.policy.percentile))

    def answered(self, kind: Kind, seconds: float) -> None:
        """Records how long a rung took to answer."""
        self._recent[kind].append(seconds)


def quantile(values: deque[float], rate: float) -> float:
    """The smallest of `values` that is not exceeded by `rate` (0..1) of them."""
    return sorted(values)[max(0, math.ceil(rate * len(values)) - 1)]
