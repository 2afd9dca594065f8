"""Incidents of vendors, as an environment has measured them: calls of its agents that failed, and looks of patrols.

A sample says what was counted until then, so two of them say what failed in between. A patrol's look at a model says
how it was at that moment; it is taken to hold until the next one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mooring import metrics as names
from mooring.operate.samples import MINUTE, Reading, read
from mooring.rollout.objectives.window import Key
from mooring.spec import Model
from mooring.spec.drill import Mode
from mooring.state.records import patrols, samples
from mooring.state.records.patrols import Looked
from mooring.state.transactions import Transactions

SHARE, LEAST = 0.1, 5
"""From this share of failed calls on a time is an incident, and so many calls are the fewest that tell."""

HOLDS_SECONDS = 1800.0
"""For at most so long a look holds; patrols are made every 15 minutes."""

LONGEST_SECONDS = 5400.0
"""Between samples; where they lie further apart, nobody counted. Old ones are kept for every hour."""

PAUSE_SECONDS = 300.0
"""Incidents that are no further apart are one."""

ECHO, ALARM, UNKNOWN = "llm-echo", "alarm", "unknown"

REFUSED_BY_BREAKER = "BreakerOpen"
NO_CALLS = frozenset({REFUSED_BY_BREAKER, "CancelledError", "Overtaken"})
"""What was counted as an error although no call came to an end."""

KINDS: Mapping[str, Mode] = {
    "ModelRateLimitError": "rate-limit",
    "ModelQuotaExceededError": "rate-limit",
    "ModelAuthenticationError": "auth",
    "ModelRequestTimeout": "hang",
    "ModelTimeoutError": "hang",
    "ModelConnectionError": "refused",
    "EmptyAnswer": "empty",
    "UnexpectedModelBehavior": "malformed",
    "ModelServerError": "errors",
    "ModelUnavailableError": "errors",
    "ModelOverloadedError": "errors",
    "ModelHTTPError": "errors",
    "ModelAPIError": "errors",
}
"""Errors that are the vendor's, and how it failed. Any other, such as a request that was too long, is ours."""

DETAILS: Mapping[str, Mode | None] = {
    "refuses the key": "auth",
    "limits our calls": "rate-limit",
    "does not know the model": None,
    "the simulator does not run": None,
    "does not answer in JSON": "malformed",
    "does not answer": "hang",
    "gives an empty answer": "empty",
    "fails": "errors",
    "refuses connections": "refused",
    "cannot be reached": "refused",
    "closed the connection": "cut",
}
"""What a look says of an alarm, and how the vendor failed; None where that was not the vendor. Without any: latency."""


@dataclass
class Incident:
    """From `start` to `end`, Unix time, `failed` of the `calls` to a vendor did."""

    vendor: str
    start: float
    end: float
    calls: float
    failed: float
    modes: Counter[Mode] = field(default_factory=Counter)

    @property
    def mode(self) -> Mode:
        """How most of them failed."""
        return self.modes.most_common(1)[0][0]

    @property
    def severity(self) -> float:
        """The share that failed, to the hundredth; 1 where breakers let no call through."""
        return max(0.01, round(self.failed / self.calls, 2)) if self.calls else 1.0


@dataclass(frozen=True)
class Measured:
    """`incidents` in order of their start, those of one vendor apart; `looks` is how many measurements there were."""

    incidents: tuple[Incident, ...]
    looks: int


def measured(database: Transactions, models: Mapping[str, Model], since: float, until: float) -> Measured:
    """What happened between two moments (Unix time). `models` are by the name of their document.

    Reads only. Raises Unavailable.
    """
    taken = database.read(lambda connection: samples.since(connection, int(since) // MINUTE))
    looks = database.read(lambda connection: patrols.looks(connection, ECHO, since))
    readings = [one for one in read(taken) if one.at <= until]
    found = [*_counted(readings, since), *_looked(looks, models, until)]
    return Measured(tuple(_joined(found)), len(readings) + sum(map(len, looks.values())))


def _counted(readings: Iterable[Reading], since: float) -> Iterator[Incident]:
    """Times between two readings of a machine in which calls failed."""
    machines: dict[str, list[Reading]] = {}
    for reading in readings:
        if names.OPERATION_DURATION + "_count" in reading.covered:
            machines.setdefault(reading.machine, []).append(reading)
    for mine in machines.values():
        for before, after in pairwise(mine):
            if after.at - before.at <= LONGEST_SECONDS and after.at > since:
                yield from _between(before, after)


def _between(before: Reading, after: Reading) -> Iterator[Incident]:
    vendors: dict[str, Counter[str]] = {}
    old = before.totals.get(f"{names.OPERATION_DURATION}_count", {})
    for key, value in after.totals.get(f"{names.OPERATION_DURATION}_count", {}).items():
        was = old.get(key, 0.0)
        vendor, error = _labels(key)
        vendors.setdefault(vendor, Counter())[error] += int(value - was if value >= was else value)
    for vendor, counted in vendors.items():
        modes = Counter[Mode]()
        for error, times in counted.items():
            if error in KINDS:
                modes[KINDS[error]] += times
        failed, refused = modes.total(), counted[REFUSED_BY_BREAKER]
        calls = sum(times for error, times in counted.items() if error not in NO_CALLS)
        if calls + refused >= LEAST and failed + refused >= SHARE * (calls + refused):
            yield Incident(vendor, before.at, after.at, calls, failed, modes)


def _labels(key: Key) -> tuple[str, str]:
    labels = dict(key[1])
    return labels.get(names.PROVIDER, ""), labels.get(names.ERROR, "")


def _looked(looks: Mapping[str, Sequence[Looked]], models: Mapping[str, Model], until: float) -> Iterator[Incident]:
    """Times from a look that was an alarm to the next one; one that could not be made says nothing."""
    for name, made in looks.items():
        model = models.get(name.partition("/")[2])
        if model is None:
            continue
        told = [look for look in made if look.state != UNKNOWN]
        for place, look in enumerate(told):
            mode = _mode(look) if look.state == ALARM else None
            if mode is None or look.at >= until:
                continue
            following = told[place + 1].at if place + 1 < len(told) else until
            end = min(following, look.at + HOLDS_SECONDS, until)
            yield Incident(model.provider, look.at, end, 1, 1, Counter({mode: 1}))


def _mode(look: Looked) -> Mode | None:
    return next((mode for words, mode in DETAILS.items() if words in look.detail), "latency")


def _joined(found: Iterable[Incident]) -> Iterator[Incident]:
    """Those of one vendor that overlap, or nearly touch, as one; by their start."""
    last: dict[str, Incident] = {}
    joined: list[Incident] = []
    for one in sorted(found, key=lambda one: (one.start, one.end)):
        before = last.get(one.vendor)
        if before is None or one.start > before.end + PAUSE_SECONDS:
            last[one.vendor] = one
            joined.append(one)
            continue
        before.end = max(before.end, one.end)
        before.calls += one.calls
        before.failed += one.failed
        before.modes += one.modes
    return (one for one in joined if one.modes)
