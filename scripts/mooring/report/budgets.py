"""Retry budgets as rows for a person and as data."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from mooring.catalog.retry_budget import Budget, Cost

COLUMNS = ("AGENT", "CALL", "OF", "TRIES", "TIMEOUTS", "WAITS", "AT WORST")

Found = Iterable[tuple[Budget, Sequence[str]]]
"""Budgets, each with the environments that have it."""


def rows(found: Found) -> list[tuple[str, ...]]:
    """One row per rung, their sum against the limits, also with hedging; then the slowest tool, and the sum with it."""
    return [row for budget, environments in found for row in _rows(budget, ", ".join(environments))]


def _rows(budget: Budget, environments: str) -> Iterator[tuple[str, ...]]:
    agent, deadline = budget.agent, f"{budget.deadline:g} s ({budget.profile})"
    limit = deadline if budget.objective is None else f"{budget.objective:g} s, deadline {deadline}"
    yield from (_row(agent, rung) for rung in budget.rungs)
    yield agent, "one model call", environments, str(budget.calls), "", "", f"{budget.ladder:.4g} s of {limit}"
    if budget.hedged is not None:
        yield agent, f"hedged after {budget.hedge:g} s", environments, "", "", "", f"{budget.hedged:.4g} s of {limit}"
    if budget.slowest is not None:
        yield _row(agent, budget.slowest)
        yield agent, "tool and model call", environments, "", "", "", f"{budget.stacked:.4g} s of {deadline}"


def _row(agent: str, cost: Cost) -> tuple[str, ...]:
    waits = f"{cost.waits:.4g} s" if cost.waits else ""
    timeouts = f"{cost.timeouts} x {cost.timeout:g} s"
    return agent, cost.call, cost.name, str(cost.tries), timeouts, waits, f"{cost.seconds:.4g} s"


def data(found: Found) -> list[dict[str, Any]]:
    """JSON-able; times in seconds. `calls_of_a_run` is the most that one request may cause."""
    return [_data(budget) | {"environments": list(environments)} for budget, environments in found]


def _data(budget: Budget) -> dict[str, Any]:
    worst = {"ladder": budget.ladder, "hedged": budget.hedged, "stacked": budget.stacked, "calls": budget.calls}
    costs = {
        name: [asdict(cost) | {"seconds": cost.seconds} for cost in each]
        for name, each in (("rungs", budget.rungs), ("tools", budget.tools))
    }
    head = {"agent": budget.agent, "profile": budget.profile, "deadline": budget.deadline}
    head |= {"objective": budget.objective}
    return head | costs | worst | {"calls_of_a_run": budget.calls * budget.model_calls}
