"""What each signal is in PromQL; over a window of counts, `mooring.rollout.objectives` says it by the same words."""

import json

from mooring.operate.objectives.pace import duration
from mooring.rollout.objectives.signals import Level, Mean, Quantile, Selected, Share

LABEL = "environment"
"""A label that Prometheus adds to all that it scrapes of an environment: rules of one must not see another."""


def selector(environment: str, metric: str, labels: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> str:
    """The series of a metric, of one environment."""
    shown = [f"{LABEL}={_quoted(environment)}"]
    for label, values in labels:
        if len(values) == 1:
            shown.append(f"{label}={_quoted(values[0])}")
        else:
            shown.append(f"{label}=~{_quoted('|'.join(values))}")
    return f"{metric}{{{','.join(shown)}}}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def increase(environment: str, selected: Selected, seconds: int) -> str:
    """How many events there were."""
    return f"sum(increase({selector(environment, selected.metric, selected.labels)}[{duration(seconds)}]))"


def bad(environment: str, share: Share, seconds: int) -> str:
    """The share of bad events; without a value where there were none at all."""
    return f"{_bad_or_none(environment, share, seconds)} / {increase(environment, share.total, seconds)}"


def _bad_or_none(environment: str, share: Share, seconds: int) -> str:
    """A kind of event that never occurred has no series, which means none of it and not nothing."""
    counted, all_of_them = increase(environment, share.bad, seconds), increase(environment, share.total, seconds)
    return f"({counted} or 0 * {all_of_them})"


def down(environment: str, gauge: str, seconds: int) -> str:
    """The share of time in which a gauge was 0."""
    return f"1 - avg(avg_over_time({selector(environment, gauge)}[{duration(seconds)}]))"


def looks(environment: str, gauge: str, seconds: int) -> str:
    """How often a gauge was looked at."""
    return f"sum(count_over_time({selector(environment, gauge)}[{duration(seconds)}]))"


def value(environment: str, measure: Mean | Quantile | Level, seconds: int) -> str:
    """What is compared with a threshold."""
    over = duration(seconds)
    match measure:
        case Mean(histogram):
            total, count = (selector(environment, f"{histogram}_{of}") for of in ("sum", "count"))
            return f"sum(increase({total}[{over}])) / sum(increase({count}[{over}]))"
        case Quantile(histogram, rank):
            buckets = selector(environment, f"{histogram}_bucket")
            return f"histogram_quantile({rank}, sum by (le) (increase({buckets}[{over}])))"
        case Level(gauge):
            return f"max(avg_over_time({selector(environment, gauge)}[{over}]))"


def events(environment: str, measure: Mean | Quantile, seconds: int) -> str:
    """How many values there were."""
    count = selector(environment, f"{measure.histogram}_count")
    return f"sum(increase({count}[{duration(seconds)}]))"
