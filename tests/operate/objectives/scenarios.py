"""Series over time for each kind of objective, for `promtool test rules`: well, then broken, then well again.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from dataclasses import dataclass
from typing import Any

from mooring import metrics
from mooring.operate.objectives.alerts import DOWN, UNSEEN
from mooring.operate.objectives.pace import USUAL
from mooring.rollout.objectives.signals import Level, Mean, Quantile, Share, bound, bounds, measure_of
from mooring.spec.objectives import Objective
from tests.operate.objectives.document import ENVIRONMENT

SCRAPED = {"environment": ENVIRONMENT, "slot": "blue", "release": "1a2b3c4d5e6f"}
RATE = 10
"""Events in one interval."""


@dataclass(frozen=True)
class Times:
    """In intervals of `step` seconds: well, then broken, then well until `end`; the alert has ended by `over`."""

    step: int
    broken: int
    healed: int
    over: int
    end: int

    @classmethod
    def of(cls, objective: Objective, severity: str) -> "Times":
        """Broken as long as the quickest tier of a severity looks back, and well as long as its slowest one does."""
        if not isinstance(measure_of(objective), Share):
            tiers = [(objective.seconds, USUAL.within(objective.seconds))]
        else:
            tiers = [(tier.long, tier.short) for tier in USUAL.of(objective) if tier.severity == severity]
        longest = min(long for long, _ in tiers)
        step = 60 if longest <= 6 * 3600 else 300
        broken = max(longest // step // 2, 5)
        healed = broken + longest // step + USUAL.wait // step + 2
        over = healed + (max(short for _, short in tiers) + USUAL.calm) // step + 3
        return cls(step, broken, healed, over, over + 10)

    def minutes(self, interval: int) -> str:
        return f"{interval * self.step // 60}m"


def series(objective: Objective, times: Times) -> list[dict[str, str]]:
    """What is scraped while an objective is kept, missed and kept."""
    measure = measure_of(objective)
    match measure:
        case Share():
            return [*_events(measure, times), *_up(measure.up, [1], times)]
        case Mean(histogram):
            return _histogram(histogram, times, well=1.0, broken=9.0)
        case Quantile(histogram):
            return _histogram(histogram, times, well=0.5, broken=objective.target * 1.3)
        case Level(gauge):
            return [_gauge(gauge, {"worker": "1"}, [(times.broken, 0.4), (times.healed, 0.95), (times.end, 0.4)])]
    raise AssertionError(measure)


def outage(objective: Objective, times: Times, *, seen: bool) -> list[dict[str, str]]:
    """Nobody is served, or not even the monitor answers, and nothing at all is counted."""
    measure = measure_of(objective)
    assert isinstance(measure, Share)
    away = 0 if seen else None
    return _up(measure.up, [1, away, 1], times)


def sparse(objective: Objective, bad: int, total: int, intervals: int) -> list[dict[str, str]]:
    """So many events within an hour, and nothing before and after; `bad` of them at once."""
    measure = measure_of(objective)
    assert isinstance(measure, Share)
    well, broken = _labels(measure)
    names = measure.total.metric
    late = intervals - 1
    good = total - bad
    return [
        _series(names, well, f"0x30 {' '.join(str(n * good // 30) for n in range(1, 31))} {good}x{late}"),
        _series(names, broken, f"0x45 {bad}x{late + 15}"),
        *_up(measure.up, [1], Times(60, 0, 0, 0, intervals + 60)),
    ]


def starting(away: int, intervals: int, after: str = "") -> list[dict[str, str]]:
    """An environment that is first seen while it starts, and is up, or what `after` says, as soon as it has started."""
    return [_series(metrics.UP, {}, f"{'0 ' * away}{after.strip() or f'1x{intervals}'}")]


def _events(share: Share, times: Times) -> list[dict[str, str]]:
    well, broken = _labels(share)
    longer = times.end - times.healed
    was, gone = RATE * times.broken, times.healed - times.broken
    failed = RATE * gone
    return [
        _series(share.total.metric, well, f"0+{RATE}x{times.broken} {was}x{gone - 1} {was + RATE}+{RATE}x{longer}"),
        _series(share.bad.metric, broken, f"0x{times.broken} {RATE}+{RATE}x{gone - 1} {failed}x{longer}"),
    ]


def flickering(objective: Objective, times: Times) -> list[dict[str, str]]:
    """While it is broken, it is well for ten intervals of every thirty."""
    measure = measure_of(objective)
    assert isinstance(measure, Share)
    good, bad, goods, bads = 0, 0, ["0"], ["0"]
    for interval in range(1, times.end + 1):
        broken = times.broken < interval <= times.healed and (interval - times.broken) % 30 < 20
        good, bad = (good, bad + RATE) if broken else (good + RATE, bad)
        goods.append(str(good))
        bads.append(str(bad))
    well, wrong = _labels(measure)
    return [
        _series(measure.total.metric, well, " ".join(goods)),
        _series(measure.bad.metric, wrong, " ".join(bads)),
        *_up(measure.up, [1], times),
    ]


def _labels(share: Share) -> tuple[dict[str, str], dict[str, str]]:
    """Labels of an event that is well, and of one that is bad."""
    broken, all_of_them = share.bad.each()[0], dict(share.total.labels)
    wrong = dict(share.bad.labels)
    well = {
        label: next((value for value in all_of_them.get(label, ()) if value not in wrong[label]), "other")
        for label in broken
    }
    return well, broken


def _up(gauge: str, values: list[int | None], times: Times) -> list[dict[str, str]]:
    if not gauge:
        return []
    ends = (times.broken, times.healed, times.end) if len(values) == 3 else (times.end,)
    return [_gauge(gauge, {}, list(zip(ends, values, strict=True)))]


def _histogram(name: str, times: Times, well: float, broken: float) -> list[dict[str, str]]:
    """RATE values an interval: of `well`, then of `broken` seconds or shares, then of `well`."""
    phases = ((times.broken, well), (times.healed - times.broken, broken), (times.end - times.healed, well))
    labels = {metrics.AGENT: "support"}
    found = [
        _series(f"{name}_bucket", {**labels, "le": bound(edge)}, _rising([(n, RATE * (v <= edge)) for n, v in phases]))
        for edge in bounds(name)
    ]
    found.append(_series(f"{name}_count", labels, _rising([(n, RATE) for n, _ in phases])))
    found.append(_series(f"{name}_sum", labels, _rising([(n, RATE * v) for n, v in phases])))
    return found


def _rising(phases: list[tuple[int, float]]) -> str:
    """A counter that rises by so much an interval for so many intervals each."""
    value, parts = 0.0, ["0"]
    for intervals, step in phases:
        parts.append(f"{value + step:g}+{step:g}x{intervals - 1}")
        value += step * intervals
    return " ".join(parts)


def _gauge(name: str, labels: dict[str, str], phases: list[tuple[int, Any]]) -> dict[str, str]:
    """A gauge with a value until each of the ends; None is no sample."""
    began, parts = 0, []
    for end, value in phases:
        if end > began:
            parts.append(f"{'_' if value is None else value}x{end - began - (value is not None)}")
        began = end
    return _series(name, labels, " ".join(parts))


def _series(name: str, labels: dict[str, str], values: str) -> dict[str, str]:
    shown = ",".join(f'{label}="{value}"' for label, value in {**SCRAPED, **labels}.items())
    return {"series": f"{name}{{{shown}}}", "values": values}


def of_alert(objective: Objective, alert: dict[str, Any]) -> tuple[Times, list[dict[str, str]]]:
    """When what is scraped, for one alert on an objective. Raises KeyError for an alert that nobody thought of."""
    times = Times.of(objective, alert["labels"]["severity"])
    name = alert["alert"]
    if name in (DOWN, UNSEEN):
        quick = Times(60, 10, 25, 25 + 8, 50)
        return quick, outage(objective, quick, seen=name == DOWN)
    if name.endswith(("BurnsFast", "Burns", "Missed")):
        return times, series(objective, times)
    raise KeyError(name)
