"""Adds up what all processes of an environment counted, so that no sum ever goes back.

A process counts from 0, and takes its count along when it ends. So each one's last figures are remembered by its
number and its beginning, and stay in the sum of its slot and release once it has ended. Pure; see `store` for what
survives the end of whoever adds up.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from mooring.metrics import REQUESTS
from mooring.operate.monitor.exposition import Series, kind_of, labelled
from mooring.operate.monitor.packed import Packed, samples
from mooring.rollout.target import COUNTS, LOST

Values = dict[Series, float]

KEEP = 86400.0
"""Seconds that the series of a release are kept after its last process in a slot."""

MOST = 8
"""Slots and releases without a process that are kept at most: each has as many series as the live one."""

REMEMBER = 3600.0
"""Seconds in which somebody may still speak of a process that has ended."""

_SUMMED = ("counter", "histogram")
_REQUESTS = f"{REQUESTS}_total"


class Process(NamedTuple):
    """A number alone names another process some day. `began` is Unix time."""

    pid: int
    began: float


class Group(NamedTuple):
    """A slot with a release, or the supervisor, which has neither."""

    slot: str
    release: str


class What(NamedTuple):
    """A family by its name: type and help."""

    kind: str
    help: str


_HOW_ENDED = What("counter", "Requests, by how they ended.")


@dataclass(slots=True)
class Counting:
    """A process that has not ended, as far as is known: its last figures."""

    group: Group
    values: Values
    counts: dict[str, int]


@dataclass(slots=True)
class Ended:
    """One that has: when somebody last spoke of it, what it counted, and whether what it lost is known."""

    at: float
    group: Group
    counts: dict[str, int]
    complete: bool


@dataclass
class Aggregate:
    """`past` is what ended processes counted; `gone` what those of forgotten releases did, and the monitor itself."""

    families: dict[str, What] = field(default_factory=lambda: {_REQUESTS: _HOW_ENDED})
    family_of: dict[str, str] = field(default_factory=lambda: {_REQUESTS: _REQUESTS})
    processes: dict[Process, Counting] = field(default_factory=dict)
    past: dict[Group, Values] = field(default_factory=dict)
    ended: dict[Process, Ended] = field(default_factory=dict)
    idle: dict[Group, float] = field(default_factory=dict)
    gone: Values = field(default_factory=dict)
    numbers: dict[Series, int] = field(default_factory=dict)
    """Of every series that was ever seen, in the order in which they came."""
    packed: Packed = field(default_factory=Packed, compare=False)

    # --- what is told ---

    def see(self, figures: Mapping[str, Any]) -> Process:
        """Takes the figures that a process gave."""
        process = Process(figures["pid"], figures["began"])
        if process in self.ended:
            return process
        group = Group(figures.get("slot", ""), short(figures.get("digest")))
        counts = figures.get("counts", {})
        values = {**self._summed(figures["families"]), **dict(_requests(counts))}
        self.processes[process] = Counting(group, values, counts)
        self.past.setdefault(group, {})
        self.idle.pop(group, None)
        return process

    def end(self, figures: Mapping[str, Any], now: float) -> None:
        """Takes the last figures of a process, which it left itself, or what is known of one that was killed."""
        if "families" in figures:
            process = self.see(figures)
        else:
            process = self._found(figures)
            if process not in self.processes and process not in self.ended:
                if not figures.get("digest"):
                    return
                self.see({**figures, "began": process.began, "families": []})
        self._correct(process, figures.get("counts", {}))
        self.fold(process, now)
        ended = self.ended[process]
        ended.at = now  # as long as its file is there, the process is spoken of
        if not ended.complete:
            ended.complete = True
            self._add(ended.group, {_end(LOST): ended.counts.get("in_flight", 0)})

    def fold(self, process: Process, now: float) -> None:
        """Keeps the last figures of a process that has ended."""
        if counting := self.processes.pop(process, None):
            self._add(counting.group, counting.values)
            # What the supervisor counted has no requests in it, and is complete.
            self.ended[process] = Ended(now, counting.group, counting.counts, complete=not counting.group.slot)
            if all(other.group != counting.group for other in self.processes.values()):
                self.idle[counting.group] = now

    def forget(self, now: float) -> None:
        """Lets go of releases that are over for long, and of processes that nobody speaks of any more."""
        self.ended = {process: ended for process, ended in self.ended.items() if now - ended.at < REMEMBER}
        busy = {ended.group for ended in self.ended.values()}
        idle = sorted(((at, group) for group, at in self.idle.items() if group.slot), reverse=True)
        for place, (at, group) in enumerate(idle):
            if now - at >= KEEP or (place >= MOST and group not in busy):
                for series, value in self.past.pop(group).items():
                    self.gone[series] = self.gone.get(series, 0) + value
                del self.idle[group]

    def add(self, values: Mapping[Series, float]) -> None:
        """Adds what the monitor itself counts."""
        _sum(self.gone, values)

    # --- what is asked ---

    @property
    def deployed(self) -> bool:
        """Whether a slot ever had a release."""
        return any(group.slot for group in self.past)

    def sums(self) -> dict[Group, Values]:
        """By slot and release."""
        sums = {group: dict(values) for group, values in self.past.items()}
        for counting in self.processes.values():
            _sum(sums[counting.group], counting.values)
        return sums

    def totals(self) -> Values:
        """Over all slots and releases that there ever were."""
        totals = dict(self.gone)
        for values in self.sums().values():
            _sum(totals, values)
        return totals

    # --- how it is kept ---

    def data(self) -> dict[str, Any]:
        """JSON-able. With the list of `series`, which only grows, `read` reverses it."""
        numbers = self.numbers

        def packed(values: Values) -> list[list[float]]:
            return [[numbers.setdefault(series, len(numbers)) for series in values], list(values.values())]

        return {
            "families": {name: list(what) for name, what in self.families.items()},
            "family_of": self.family_of,
            "processes": [[*key, *one.group, one.counts, packed(one.values)] for key, one in self.processes.items()],
            "past": [[*group, packed(values)] for group, values in self.past.items()],
            "ended": [[*key, one.at, *one.group, one.counts, one.complete] for key, one in self.ended.items()],
            "idle": [[*group, at] for group, at in self.idle.items()],
            "gone": packed(self.gone),
        }

    @classmethod
    def read(cls, data: Mapping[str, Any], names: Iterable[Any]) -> Self:
        """Raises ValueError, KeyError, TypeError, IndexError or AttributeError for what nobody wrote."""
        series = [(name, tuple((label, value) for label, value in labels)) for name, labels in names]

        def unpacked(values: list[list[float]]) -> Values:
            return {series[int(number)]: value for number, value in zip(*values, strict=True)}

        return cls(
            {name: What(*what) for name, what in data["families"].items()},
            dict(data["family_of"]),
            {
                Process(pid, began): Counting(Group(slot, release), unpacked(values), counts)
                for pid, began, slot, release, counts, values in data["processes"]
            },
            {Group(slot, release): unpacked(values) for slot, release, values in data["past"]},
            {
                Process(pid, began): Ended(at, Group(slot, release), counts, complete)
                for pid, began, at, slot, release, counts, complete in data["ended"]
            },
            {Group(slot, release): at for slot, release, at in data["idle"]},
            unpacked(data["gone"]),
            {each: number for number, each in enumerate(series)},
        )

    # --- inside ---

    def _summed(self, families: list[dict[str, Any]]) -> Values:
        values: Values = {}
        for family in families:
            if family["type"] in _SUMMED and family["name"] != REQUESTS:
                name, kind = kind_of(family["name"], family["type"])
                self.families.setdefault(name, What(kind, family["what"]))
                if "rows" in family:
                    self.family_of.update(dict.fromkeys(samples(family), name))
                    values.update(self.packed.values(family))
                    continue
                for sample, labels, value in family["samples"]:
                    self.family_of[sample] = name
                    values[sample, labelled(labels)] = value
        return values

    def _found(self, figures: Mapping[str, Any]) -> Process:
        """The process that somebody else speaks of, who may not know when it began: the last one with its number."""
        unknown = Process(figures["pid"], 0.0)
        if began := figures.get("began"):
            return unknown._replace(began=began)
        known = {process: one.group.slot for process, one in self.ended.items() if not one.complete}
        known |= {process: one.group.slot for process, one in self.processes.items()}
        same = (process for process, slot in known.items() if (process.pid, slot) == (figures["pid"], figures["slot"]))
        return max(same, key=lambda process: process.began, default=unknown)

    def _correct(self, process: Process, counts: Mapping[str, int]) -> None:
        """Raises the counts of a process to those that outlived it."""
        known = self.processes.get(process) or self.ended[process]
        higher = {name: max(known.counts.get(name, 0), counts.get(name, 0)) for name in COUNTS}
        more = {name: higher[name] - known.counts.get(name, 0) for name in COUNTS}
        known.counts = {**known.counts, **counts, **higher}
        values = {_end(name): count for name, count in more.items() if count}
        if isinstance(known, Counting):
            _sum(known.values, values)
        else:
            self._add(known.group, values)

    def _add(self, group: Group, values: Mapping[Series, float]) -> None:
        if group in self.past:
            _sum(self.past[group], values)
        else:
            _sum(self.gone, values)


def short(digest: str | None) -> str:
    """How a release is named in labels."""
    return (digest or "").removeprefix("sha256:")[:12]


def _sum(values: Values, more: Mapping[Series, float]) -> None:
    for series, value in more.items():
        values[series] = values.get(series, 0) + value


def _end(name: str) -> Series:
    return _REQUESTS, (("end", name),)


def _requests(counts: Mapping[str, int]) -> Iterator[tuple[Series, float]]:
    return ((_end(name), counts[name]) for name in COUNTS if name in counts)
