"""What the dashboard of an environment shows: rows of panels, each with its expressions and its unit."""

from dataclasses import dataclass
from typing import Literal

from mooring import metrics as names
from mooring.operate.objectives import recorded, signals
from mooring.operate.objectives.pace import Pace
from mooring.operate.objectives.recorded import Names
from mooring.rollout.objectives.signals import Share, measure_of
from mooring.spec import Objectives
from mooring.spec.objectives import Objective

RATE = "$__rate_interval"
"""Grafana's own variable: no shorter than four scrapes."""

Unit = Literal["percentunit", "s", "reqps", "short", "currencyUSD", "bool_yes_no"]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and the name of its series."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`target` is drawn as a line where there is one; `at_least` says on which side of it is good."""

    title: str
    unit: Unit
    queries: tuple[Query, ...]
    says: str = ""
    kind: Literal["stat", "lines"] = "lines"
    target: float | None = None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


def rows(environment: str, objectives: Objectives, pace: Pace) -> tuple[Row, ...]:
    """From what is promised to what it is made of."""
    promised = tuple(_promised(environment, one, pace) for one in objectives.objectives)
    budgets = tuple(
        Query(Names(environment, one).of(recorded.BUDGET), one.name)
        for one in objectives.objectives
        if isinstance(measure_of(one), Share)
    )
    left = Panel("Error budgets left", "percentunit", budgets, "What may still go wrong in each objective's window.")
    return (
        Row("Now", _now(environment)),
        Row("Promised", (*promised, left) if budgets else promised),
        Row("Traffic", _traffic(environment)),
        Row("Models", _models(environment)),
        Row("Processes", _processes(environment)),
    )


def _promised(environment: str, objective: Objective, pace: Pace) -> Panel:
    series, measure = Names(environment, objective), measure_of(objective)
    side = f"{'at least' if objective.at_least is not None else 'at most'} {objective.target:g}"
    says = f"Promised: {side} over {objective.window}."
    if isinstance(measure, Share):
        shortest = min(tier.long for tier in pace.of(objective))
        worst = f"max by (objective) ({series.of(recorded.bad(shortest))})"
        expr = f"1 - {worst}" if objective.at_least is not None else worst
        unit: Unit = "percentunit"
    else:
        expr = series.of(recorded.value(objective.seconds))
        unit = "s" if objective.signal in ("mean-seconds", "p99-seconds") else "percentunit"
    at_least = objective.at_least is not None
    return Panel(objective.name, unit, (Query(expr, objective.name),), says, target=objective.target, at_least=at_least)


def _now(environment: str) -> tuple[Panel, ...]:
    def only(metric: str) -> str:
        return f"max({signals.selector(environment, metric)})"

    live = signals.selector(environment, names.LIVE)
    firing = f'count(ALERTS{{{signals.LABEL}="{environment}",alertstate="firing"}}) or vector(0)'
    return (
        Panel("Takes requests", "bool_yes_no", (Query(only(names.UP), "up"),), kind="stat"),
        Panel("Live", "short", (Query(f"max by (slot, release) ({live})", "{{slot}} {{release}}"),), kind="stat"),
        Panel("Alerts", "short", (Query(firing, "firing"),), kind="stat"),
        Panel("Last proved restore", "s", (Query(f"time() - {only(names.LAST_PROOF)}", "ago"),), kind="stat"),
    )


def _traffic(environment: str) -> tuple[Panel, ...]:
    def rate(metric: str, by: str) -> str:
        return f"sum by ({by}) (rate({signals.selector(environment, metric)}[{RATE}]))"

    run = names.REQUEST_DURATION
    buckets = rate(f"{run}_bucket", "le")
    seconds = tuple(Query(f"histogram_quantile({rank}, {buckets})", f"P{rank * 100:g}") for rank in (0.5, 0.95, 0.99))
    return (
        Panel("Requests", "reqps", (Query(rate(f"{names.REQUESTS}_total", "end"), "{{end}}"),), "By how they ended."),
        Panel("Seconds of a run", "s", seconds),
        Panel("Runs by rung", "reqps", (Query(rate(f"{names.RUNGS}_total", "rung"), "{{rung}}"),)),
        Panel("In flight", "short", (Query(f"sum({signals.selector(environment, names.IN_FLIGHT)})", "requests"),)),
        Panel("Refused", "reqps", (Query(rate(f"{names.REFUSED}_total", "code"), "{{code}}"),)),
    )


def _models(environment: str) -> tuple[Panel, ...]:
    def rate(metric: str, by: str) -> str:
        return f"sum by ({by}) (rate({signals.selector(environment, metric)}[{RATE}]))"

    call, model = names.OPERATION_DURATION, names.MODEL
    mean = f"{rate(f'{call}_sum', model)} / {rate(f'{call}_count', model)}"
    tokens = rate(f"{names.TOKEN_USAGE}_sum", names.TOKEN_TYPE)
    dollars = f"{rate(f'{names.COST}_total', names.AGENT)} * 3600"
    breakers = f"max by (endpoint) ({signals.selector(environment, names.CIRCUIT)})"
    failed = f"sum by ({names.TOOL}, outcome) (rate({_but_done(environment)}[{RATE}]))"
    return (
        Panel("Seconds of a call", "s", (Query(mean, f"{{{{{model}}}}}"),)),
        Panel("Retries", "reqps", (Query(rate(f"{names.RETRIES}_total", model), f"{{{{{model}}}}}"),)),
        Panel("Tokens a second", "short", (Query(tokens, f"{{{{{names.TOKEN_TYPE}}}}}"),)),
        Panel("US dollars an hour", "currencyUSD", (Query(dollars, f"{{{{{names.AGENT}}}}}"),)),
        Panel("Breakers", "short", (Query(breakers, "{{endpoint}}"),), "0 closed, 1 half-open, 2 open."),
        Panel("Tool calls that failed", "reqps", (Query(failed, f"{{{{{names.TOOL}}}}} {{{{outcome}}}}"),)),
    )


def _but_done(environment: str) -> str:
    return f'{names.TOOL_CALLS}_total{{{signals.LABEL}="{environment}",outcome!="done"}}'


def _processes(environment: str) -> tuple[Panel, ...]:
    def each(metric: str, by: str) -> str:
        return f"max by ({by}) ({signals.selector(environment, metric)})"

    rises = tuple(
        Query(f"sum(increase({signals.selector(environment, f'{metric}_total')}[{RATE}]))", legend)
        for metric, legend in (
            (names.SWITCHES, "switches"), (names.RESTARTS, "restarts"), (names.LOST_REQUESTS, "lost requests"),
        )
    )  # fmt: skip
    return (
        Panel("Memory", "percentunit", (Query(each(names.MEMORY, "slot, worker"), "{{slot}} {{worker}}"),)),
        Panel("Switches, restarts, lost requests", "short", rises),
        Panel("Tickets that wait", "short", (Query(each(names.QUEUE, signals.LABEL), "tickets"),)),
        Panel(
            "Patrol", "short", (Query(each(names.PATROL_STATE, "check"), "{{check}}"),), "0 ok to 2 alarm, 3 unknown."
        ),
    )
