"""What the monitor of an environment exports: sums of what processes counted, their gauges, and its own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mooring import metrics as names
from mooring.operate.monitor.aggregate import Aggregate, Group, short
from mooring.operate.monitor.collect import Answers
from mooring.operate.monitor.exposition import Family, Labels, Series, kind_of, labelled, prefix
from mooring.runtime.process.siblings import name_of

SHARED = frozenset({names.QUEUE, names.EXPORT_LAG, names.TENANT_TOKENS, names.TENANT_COST})
"""What every process reads from the same place: said once for the environment, by the slot that is live."""

_RELEASE = names.RELEASE.removesuffix("_info")
_SUMMED = ("counter", "histogram")


class Writer:
    """Makes families; it remembers the text of each series, of which there are thousands."""

    def __init__(self) -> None:
        self._texts: dict[tuple[Group, Series], str] = {}

    def families(self, aggregate: Aggregate, answers: Answers, commits: Mapping[str, str]) -> list[Family]:
        """`commits` says what releases were deployed from, as far as that is known."""
        found = {name: Family(name, what.kind, what.help) for name, what in aggregate.families.items()}
        for group, values in aggregate.sums().items():
            for series, value in values.items():
                text = self._texts.get((group, series)) or self._text(group, series)
                found[aggregate.family_of[series[0]]].samples.append((text, value))
        for family in (*_gauges(answers), *_own(answers, commits)):
            known = found.setdefault(family.name, Family(family.name, family.kind, family.help))
            known.samples += family.samples
        return list(found.values())

    def _text(self, group: Group, series: Series) -> str:
        if len(self._texts) > 200_000:
            self._texts.clear()
        name, labels = series
        text = self._texts[group, series] = prefix(name, (*_of(group), *labels))
        return text


def gauge(name: str, help: str, *samples: tuple[Mapping[str, str], float]) -> Family:  # noqa: A002 - the format's word
    """A family of the monitor's own."""
    return Family(name, "gauge", help, [(prefix(name, labelled(labels)), value) for labels, value in samples])


def serving(answers: Answers) -> dict[str, Any] | None:
    """The first worker that is ready and accepts; None while nobody can be answered."""
    return next((one for one in answers.workers.values() if one and one["ready"] and one["accepting"]), None)


def _gauges(answers: Answers) -> Iterator[Family]:
    """Of each worker; what a slot has once, such as its release, is said by its first one."""
    live = serving(answers)
    for door, figures in answers.workers.items():
        if figures is None or door.endswith("~"):
            continue
        group = Group(figures["slot"], short(figures["digest"]))
        for family in figures["families"]:
            name = family["name"]
            if family["type"] in _SUMMED or (name in SHARED and figures is not live):
                continue
            if name == _RELEASE and figures["worker"] != 1:
                continue
            more: Labels = () if name in SHARED else _of(group)
            more = more if name in (*SHARED, _RELEASE) else (*more, ("worker", str(figures["worker"])))
            known, kind = kind_of(name, family["type"])
            yield Family(known, kind, family["what"], list(_samples(family, more)))


def _samples(family: Mapping[str, Any], more: Labels) -> Iterator[tuple[str, float]]:
    for name, labels, value in family["samples"]:
        yield prefix(name, labelled({**dict(more), **labels})), value


def _own(answers: Answers, commits: Mapping[str, str]) -> Iterator[Family]:
    live = serving(answers)
    yield gauge(names.UP, "1 while a worker of a slot is ready and accepts.", ({}, live is not None))
    yield gauge(names.SUPERVISOR_UP, "1 while the supervisor answers.", ({}, answers.supervisor is not None))
    if live is not None:
        release = short(live["digest"])
        labels = {"slot": live["slot"], "release": release, "commit": commits.get(live["digest"], "")}
        yield gauge(names.LIVE, "The slot that has the traffic, its release and the commit of that.", (labels, 1))
    workers = [({**dict(_of(group)), "worker": str(worker)}, up) for group, worker, up in _workers(answers)]
    yield gauge(names.WORKER_UP, "1 for a worker whose figures are in this answer.", *workers)


def _workers(answers: Answers) -> Iterable[tuple[Group, int, bool]]:
    """The workers that slots are to have, or those that answer where nobody says how many."""
    wanted = (answers.supervisor or {}).get("workers", {})
    for slot in ("blue", "green"):
        release = next((short(one["digest"]) for one in answers.workers.values() if one and one["slot"] == slot), "")
        for worker in range(1, wanted.get(slot, 0) + 1):
            yield Group(slot, release), worker, answers.workers.get(name_of(slot, worker)) is not None
        if not wanted:
            for door, figures in answers.workers.items():
                if figures and figures["slot"] == slot and not door.endswith("~"):
                    yield Group(slot, release), figures["worker"], True


def _of(group: Group) -> Labels:
    """The supervisor has neither."""
    return (("slot", group.slot), ("release", group.release)) if group.slot else ()
