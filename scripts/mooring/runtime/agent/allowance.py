"""How many calls may be made beyond the ones that are asked for: hedges and retries.

Calls earn tokens, an extra one costs one, and a full bucket bounds the burst, as gRPC proposes it:
https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
"""

BURST = 10
"""Extra calls that may come at once, after a time in which few were needed."""


class Allowance:
    """`share` is how many extra calls one call earns, 0..1; None is no limit."""

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._tokens = float(BURST)

    def earn(self) -> None:
        """Records one call."""
        self._tokens = min(BURST, self._tokens + (self._share or 0.0))

    def spend(self) -> bool:
        """Counts one extra call and returns True if that is allowed."""
        if self._share is None:
            return True
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """Returns an extra call that called nobody."""
        self._tokens = min(BURST, self._tokens + 1)
