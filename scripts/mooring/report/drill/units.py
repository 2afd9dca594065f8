"""Shares, points and times as text, the same in every format."""

from mooring.drill.quantities import Interval
from mooring.report.drill.values import YEAR_HOURS

NONE = "-"
"""For what there is none of."""

FINE = 0.001
"""Shares nearer than this to nothing or to all have a digit more."""


def percent(share: float) -> str:
    """`99.97`: a share of 0..1 in percent, never rounded to all or nothing when it is neither."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f}"
    digits = 3 if min(share, 1 - share) < FINE else 2
    step = 10.0**-digits
    return f"{min(max(share * 100, step), 100 - step):.{digits}f}"


def between(interval: Interval) -> str:
    """`99.95-99.98`, in percent; where all are alike, resampling says nothing."""
    if interval.low == interval.high:
        return "none failed" if interval.low == 1 else NONE
    return f"{percent(interval.low)}-{percent(interval.high)}"


def points(change: float) -> str:
    """`+0.12`, in percentage points."""
    digits = 3 if 0 < abs(change) < FINE else 1 if abs(change) >= 0.1 else 2
    return f"{change * 100:+.{digits}f}"


def gained(interval: Interval) -> str:
    """`+0.12 (+0.05 to +0.20)`, in percentage points; `0` where no question came out another way."""
    if interval.low == interval.value == interval.high == 0:
        return "0"
    return f"{points(interval.value)} ({points(interval.low)} to {points(interval.high)})"


def number(value: float) -> str:
    """`1.4`, of seconds and the like."""
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def times(value: float | None) -> str:
    """`1.04x`, of amplification."""
    return NONE if value is None else f"{value:.2f}x"


def length(seconds: float) -> str:
    """`1.2 s`, `4.5 min`, `31.9 h`, `12 days`: seven characters at most."""
    for size, unit, most in ((1, "s", 100.0), (60, "min", 3600.0), (3600, "h", 360_000.0)):
        if seconds < most:
            return f"{seconds / size:.{int(unit == 'h' or 0 < seconds / size < 10)}f} {unit}"
    return f"{seconds / 86400:.0f} days"


def clock(seconds: float, whole_hours: float) -> str:
    """A moment of a trace: `0:14:30`, or `day 34, 06:12` in one of days."""
    days, rest = divmod(int(seconds), 86400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if whole_hours > 24:
        return f"day {days + 1}, {hours:02}:{minutes:02}"
    return f"{hours + 24 * days}:{minutes:02}:{rest % 60:02}"


def hours(share: float) -> str:
    """`31` or `2.6`: a share of a year."""
    found = share * YEAR_HOURS
    return f"{found:,.0f}" if found >= 10 else f"{found:.1f}"


def both(values: tuple[float | None, float | None]) -> str:
    """`1.04x and 1.60x`; a dash for what there is none of."""
    return " and ".join(map(times, values))
