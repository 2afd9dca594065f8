"""Which question comes next, and when to stop asking: seeded, within the budget, no more than decides."""

import random
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from mooring.evaluate.job import Ask, CaseKey
from mooring.evaluate.values import Trial

DEAD = 2
"""Repeats of a case that may end in an error before the others are given up."""


class Schedule:
    """All first repeats in a seeded order, then all second ones, and so on: early news, and no drift by position.

    A case's repeats stop where no further one could change what is decided: a critical case that failed, and a case
    that cannot be judged. Any other is asked as often as planned, for the gate compares means.
    """

    def __init__(
        self, repeats: Mapping[CaseKey, int], critical: Iterable[CaseKey], seed: int, first: int, budget: "Budget"
    ) -> None:
        asks = [
            [Ask(*key, first + repeat) for key, most in repeats.items() if repeat < most]
            for repeat in range(max(repeats.values(), default=0))
        ]
        order = random.Random(seed)  # noqa: S311 - reproducible on purpose
        for block in asks:
            order.shuffle(block)
        self._left = deque(ask for block in asks for ask in block)
        self.total = len(self._left)
        self._critical = frozenset(critical)
        self._errors: dict[CaseKey, int] = defaultdict(int)
        self._settled: set[CaseKey] = set()
        self._budget = budget
        self.stopped_early = 0

    def next(self) -> Ask | None:
        """The next question; None when there is none (now)."""
        while self._left and self._left[0].key in self._settled:
            self._left.popleft()
            self.stopped_early += 1
        if not self._left or not self._budget.reserve():
            return None
        return self._left.popleft()

    def told(self, trial: Trial) -> None:
        """Learns from a trial."""
        key = (trial.suite, trial.case)
        self._budget.spend(trial.paid.total)
        if trial.passed is None:
            self._errors[key] += 1
            if self._errors[key] >= DEAD:
                self._settled.add(key)
        elif not trial.passed and key in self._critical:
            self._settled.add(key)

    @property
    def complete(self) -> bool:
        """Whether everything was asked that had to be."""
        return all(ask.key in self._settled for ask in self._left)


class Budget:
    """US dollars that may be spent. What is under way counts as the dearest one seen, at first as expected."""

    def __init__(self, limit: float | None, expected: float) -> None:
        self.limit, self.spent = limit, 0.0
        self._expected = expected
        self._under_way = 0
        self._dearest = 0.0
        self.reached = False

    def reserve(self) -> bool:
        """Sets money aside for one more trial, or question; False when there is not enough left."""
        each = self._dearest or self._expected
        if self.limit is not None and self.spent + (self._under_way + 1) * each > self.limit:
            self.reached = not self._under_way
            return False
        self._under_way += 1
        return True

    def spend(self, cost: float) -> None:
        """Records that one has ended and what it cost, in US dollars."""
        self._under_way -= 1
        self.spent += cost
        self._dearest = max(self._dearest, cost)

    @property
    def left(self) -> float | None:
        """None: there is no limit."""
        return None if self.limit is None else max(0.0, self.limit - self.spent)
