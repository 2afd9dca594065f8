"""Decides when the next rung is asked beside a slow one: after how many seconds, and how often at most.

The budget is the one that gRPC proposes for hedging: calls earn tokens, a hedge costs one, and a full bucket bounds the
burst. https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
"""

import math
from collections import defaultdict, deque

from mooring.spec.resilience import Hedge

BURST = 10
"""Hedges that may come at once, after a time in which few were needed."""

RECENT, ENOUGH = 100, 20
"""Answers of a rung that are remembered, and how many it takes to tell what is normal."""

Kind = tuple[str, bool]
"""A rung's model, and whether it is a stream, whose first content comes much sooner than a whole answer."""


class Hedging:
    """Of the agents that share a profile."""

    def __init__(self, policy: Hedge) -> None:
        self.policy = policy
        self._tokens = float(BURST)
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

    def earn(self) -> None:
        """Records one model call of an agent."""
        self._tokens = min(BURST, self._tokens + self.policy.max_share)

    def spend(self) -> bool:
        """Counts one more hedge and returns True if the budget allows it."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Returns a hedge that called nobody to the budget."""
        self._tokens = min(BURST, self._tokens + 1)


def quantile(values: deque[float], rate: float) -> float:
    """The smallest of `values` that is not exceeded by `rate` (0..1) of them."""
    return sorted(values)[max(0, math.ceil(rate * len(values)) - 1)]
