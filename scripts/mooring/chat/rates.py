"""How much one person may say in a minute."""

import threading
from collections import OrderedDict, deque

MINUTE = 60.0

MOST = 10_000
"""People that are remembered."""


class Rates:
    """Counts what was said in the last minute. Any thread may use it; a new process begins at 0."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, person: str, now: float, most: int) -> bool:
        """Counts one more; False, and not counted, where that would be more than `most` within a minute."""
        with self._lock:
            said = self._said.setdefault(person, deque())
            self._said.move_to_end(person)
            if len(self._said) > MOST:
                self._said.popitem(last=False)
            while said and said[0] <= now - MINUTE:
                said.popleft()
            if len(said) >= most:
                return False
            said.append(now)
            return True
