"""Sums of all processes never go back, and miss nothing that was seen, whatever ends, dies or begins anew."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mooring.operate.monitor import collapse
from mooring.operate.monitor.aggregate import KEEP, MOST, REMEMBER, Aggregate, Group, Process
from mooring.operate.monitor.collect import dead, take
from mooring.operate.monitor.store import FILE, Store

SERVED = ("mooring_served_total", (("agent", "helper"),))
RELEASES = ("sha256:aaaaaaaaaaaaaaaa", "sha256:bbbbbbbbbbbbbbbb", "sha256:cccccccccccccccc")


def requests(end: str) -> Any:
    return "mooring_requests_total", (("end", end),)


def kept(aggregate: Aggregate) -> str:
    data = aggregate.data()
    return json.dumps([data, list(aggregate.numbers)])


def read(text: str) -> Aggregate:
    return Aggregate.read(*json.loads(text))


@dataclass
class Worker:
    """A process as it is, and what the monitor has to know of it."""

    pid: int
    began: float
    slot: str
    digest: str
    served: int = 0
    received: int = 0
    in_flight: int = 0
    lives: bool = True
    answers: bool = True
    killed: bool = False
    died: float = 0.0
    lingers: bool = False
    seen_served: int = 0
    seen_received: int = 0
    seen_lost: int = 0

    def figures(self) -> dict[str, Any]:
        sample = [SERVED[0], dict(SERVED[1]) | {"error": ""}, self.served]
        return {
            "pid": self.pid,
            "began": self.began,
            "slot": self.slot,
            "digest": self.digest,
            "counts": self.counts,
            "families": [
                {"name": "mooring_served", "type": "counter", "what": "Served.", "samples": [sample]},
                {"name": "mooring_memory", "type": "gauge", "what": "Memory.", "samples": [["mooring_memory", {}, 7]]},
            ],
        }

    @property
    def counts(self) -> dict[str, int]:
        answered = self.received - self.in_flight
        return {"received": self.received, "answered": answered, "failed": 0, "in_flight": self.in_flight, "lost": 9}

    @property
    def group(self) -> Group:
        return Group(self.slot, self.digest.removeprefix("sha256:")[:12])

    def seen(self) -> None:
        self.seen_served, self.seen_received = self.served, self.received


@dataclass
class Left:
    """A file, whether or not it was read; of a graceful end when `own`."""

    figures: dict[str, Any]
    worker: Worker
    own: bool


@dataclass
class World:
    workers: list[Worker] = field(default_factory=list)
    files: dict[Path, Left] = field(default_factory=dict)


class Days(RuleBasedStateMachine):
    """Random days of an environment, with a monitor that dies and begins anew in between."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.aggregate = Aggregate()
        self.kept = kept(self.aggregate)
        self.now = 1000.0
        self.written = 0
        self.hours = 0
        self.shown: dict[tuple[Group, Any], float] = {}
        self.totals: dict[Any, float] = {}

    @rule(slot=st.sampled_from(("blue", "green")), digest=st.sampled_from(RELEASES), pid=st.integers(1, 6))
    def begins(self, slot: str, digest: str, pid: int) -> None:
        self.now += 0.001
        if not any(one.pid == pid and (one.lives or one.answers) for one in self.world.workers):
            self.world.workers.append(Worker(pid, self.now, slot, digest))

    @rule(which=st.integers(0, 9), most=st.integers(1, 5), open_ones=st.integers(0, 2))
    def works(self, which: int, most: int, open_ones: int) -> None:
        if (worker := self._of(which)) is not None:
            worker.served += most
            worker.received += most + open_ones
            worker.in_flight = max(worker.in_flight, open_ones)

    @rule(which=st.integers(0, 9), lingers=st.booleans(), cut=st.booleans())
    def ends(self, which: int, lingers: bool, cut: bool) -> None:
        """After its requests, or in spite of some; its door may answer for a moment more."""
        if (worker := self._of(which)) is not None:
            worker.in_flight = worker.in_flight if cut else 0
            self._leave(worker.figures(), worker, own=True)
            worker.lives, worker.answers, worker.lingers = False, lingers, lingers

    @rule(which=st.integers(0, 9), noted=st.booleans())
    def dies(self, which: int, noted: bool) -> None:
        if (worker := self._of(which)) is not None:
            worker.lives, worker.answers, worker.killed, worker.died = False, False, True, self.now
            if noted:
                self._note(worker)

    @rule(which=st.integers(0, 9))
    def is_spoken_of_late(self, which: int) -> None:
        left = {id(file.worker) for file in self.world.files.values()}
        late = [one for one in self.world.workers if one.killed and self.now - one.died < REMEMBER]
        if dead := [one for one in late if id(one) not in left]:
            self._note(dead[which % len(dead)])

    @precondition(lambda self: self.hours < 10)
    @rule()
    def an_hour_passes(self) -> None:
        """Ten are less than what a release is kept for."""
        self.hours += 1
        self.now += REMEMBER

    @rule(hidden=st.sets(st.integers(0, 9)), deleted=st.booleans())
    def polls(self, hidden: set[int], deleted: bool) -> None:
        self.now += 5
        asked = [one for number, one in enumerate(self.world.workers) if one.answers and number not in hidden]
        living = {one.pid for one in self.world.workers if one.lives}
        before = set(self.aggregate.ended)

        def gone(processes: Any) -> list[Process]:
            known = sorted(processes, key=lambda process: process.began)
            newest = {process.pid: process for process in known}
            return [one for one in known if newest[one.pid] != one or one.pid not in living]

        files = take(
            self.aggregate,
            [one.figures() for one in asked],
            gone,
            lambda: [(path, json.loads(json.dumps(file.figures))) for path, file in sorted(self.world.files.items())],
            self.now,
        )
        for one in asked:
            if Process(one.pid, one.began) not in before:
                one.seen()
        for path in files:
            self._read(self.world.files[path])
            if deleted:
                del self.world.files[path]
        for one in self.world.workers:
            one.answers, one.lingers = one.lives or one.lingers, False
        self.kept = kept(self.aggregate)
        self._check()

    @rule()
    def begins_anew(self) -> None:
        self.aggregate = read(self.kept)

    def _check(self) -> None:
        now = {(group, one): value for group, values in self.aggregate.sums().items() for one, value in values.items()}
        assert [key for key, value in self.shown.items() if now.get(key, 0) < value] == []
        self.shown = now
        totals = self.aggregate.totals()
        assert [key for key, value in self.totals.items() if totals.get(key, 0) < value] == []
        self.totals = dict(totals)

    @precondition(lambda self: self.shown)
    @invariant()
    def nothing_that_was_seen_is_missing(self) -> None:
        sums = read(self.kept).sums()
        for group in {one.group for one in self.world.workers}:
            mine, found = [one for one in self.world.workers if one.group == group], sums.get(group, {})
            assert found.get(SERVED, 0) == sum(one.seen_served for one in mine)
            assert found.get(requests("received"), 0) == sum(one.seen_received for one in mine)
            assert found.get(requests("lost"), 0) == sum(one.seen_lost for one in mine)

    def _of(self, which: int) -> Worker | None:
        living = [one for one in self.world.workers if one.lives]
        return living[which % len(living)] if living else None

    def _note(self, worker: Worker) -> None:
        known = {name: worker.figures()[name] for name in ("pid", "began", "slot", "digest", "counts")}
        self._leave(known, worker, own=False)

    def _leave(self, figures: dict[str, Any], worker: Worker, own: bool) -> None:
        self.written += 1
        self.world.files[Path(f"{self.written:05}")] = Left(figures, worker, own)

    def _read(self, file: Left) -> None:
        worker = file.worker
        if file.own:
            worker.seen()
        worker.seen_received = max(worker.seen_received, worker.received)
        worker.seen_lost = worker.in_flight


TestDays = Days.TestCase
TestDays.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def figures(pid: int, digest: str = RELEASES[0], served: int = 1) -> dict[str, Any]:
    return Worker(pid, float(pid), "blue", digest, served=served, received=served).figures()


def test_a_file_that_cannot_be_deleted_is_counted_once(tmp_path: Path) -> None:
    aggregate, file = Aggregate(), tmp_path / "it"
    for hour in range(5):
        assert take(aggregate, [], dead, lambda: [(file, figures(1, served=5))], hour * (REMEMBER + 1)) == [file]
    assert aggregate.totals()[SERVED] == 5


def test_a_release_that_is_gone_is_forgotten_after_a_day_and_stays_in_the_totals() -> None:
    aggregate = Aggregate()
    process = aggregate.see(figures(1, served=5))
    aggregate.fold(process, 100.0)
    aggregate.forget(100.0 + KEEP - 1)
    group = Group("blue", "a" * 12)
    assert aggregate.sums()[group][SERVED] == 5
    aggregate.forget(100.0 + KEEP)
    assert group not in aggregate.sums()
    assert aggregate.totals()[SERVED] == 5
    aggregate.see(figures(2, served=2))
    assert aggregate.sums()[group][SERVED] == 2, "it begins anew"
    assert aggregate.totals()[SERVED] == 7


def test_of_many_releases_that_are_gone_the_last_ones_are_kept() -> None:
    aggregate = Aggregate()
    for number in range(1, 2 * MOST + 1):
        process = aggregate.see(figures(number, f"sha256:{number:012x}"))
        aggregate.fold(process, number * (REMEMBER + 1))
        aggregate.forget(number * (REMEMBER + 1))
    assert len(aggregate.sums()) <= MOST + 1
    assert aggregate.totals()[SERVED] == 2 * MOST


def test_supervisors_of_a_folder_count_on_from_one_to_the_next() -> None:
    aggregate = Aggregate()
    family = {"name": "mooring_switches", "type": "counter", "what": "Switches."}

    def told(count: int) -> dict[str, Any]:
        return {"pid": 0, "began": 1.0, "families": [{**family, "samples": [["mooring_switches_total", {}, count]]}]}

    for count in (1, 2):
        take(aggregate, [told(count)], dead, list, 0.0)
        take(aggregate, [], dead, list, 0.0)
    assert aggregate.sums()[Group("", "")] == {("mooring_switches_total", ()): 2}
    assert not aggregate.deployed


def test_what_cannot_be_read_is_put_aside_and_counting_begins_anew(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    assert kept.load() == Aggregate()
    aggregate = Aggregate()
    aggregate.see(figures(1))
    kept.save(aggregate, lasting=True)
    assert Store(tmp_path).load().sums() == aggregate.sums()
    odd = json.dumps(Aggregate().data() | {"families": []})
    for wrong in ("[]\n{", "[]\n[]", f"[]\n{odd}"):
        (tmp_path / FILE).write_text(wrong)
        assert Store(tmp_path).load() == Aggregate()
        assert (tmp_path / FILE).with_suffix(".unreadable").read_text() == wrong
    assert (tmp_path / "figures.unreadable").stat().st_size


def tools(number: int, digest: str, count: int = 1) -> dict[str, Any]:
    """Figures of a process whose release has a tool of its own."""
    samples = [["mooring_tool_calls_total", {"tool": f"tool-{number}", "outcome": "ok"}, count]]
    family = {"name": "mooring_tool_calls", "type": "counter", "what": "Calls.", "samples": samples}
    own = {"name": f"mooring_once_{number}", "type": "counter", "what": "Once.", "samples": []}
    return {**figures(number, digest), "families": [family, own]}


def test_what_is_gone_stays_in_the_totals_and_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collapse, "MOST", 100)
    aggregate, store, releases = Aggregate(), Store(tmp_path), 300
    for number in range(1, releases + 1):
        now = number * (KEEP + 1)
        process = aggregate.see(tools(number, f"sha256:{number:012x}"))
        store.save(aggregate, lasting=False)
        aggregate.fold(process, now)
        aggregate.forget(now)
        store.save(aggregate, lasting=False)
        assert Store(tmp_path).load().totals() == aggregate.totals()
    assert len(aggregate.gone) <= 101
    assert len(aggregate.numbers) <= 120
    assert len(aggregate.families) <= 10
    calls = {
        labels: count for (name, labels), count in aggregate.totals().items() if name == "mooring_tool_calls_total"
    }
    assert sum(calls.values()) == releases
    assert all(dict(labels)["outcome"] == "ok" for labels in calls)
    assert aggregate.totals()[requests("received")] == releases


def test_buckets_of_what_is_gone_keep_their_edges() -> None:
    values: dict[Any, float] = {
        ("took_bucket", (("tool", f"t{n}"), ("le", str(edge)))): 1.0 for n in range(20) for edge in range(20)
    }
    assert collapse.collapsed(values) == {
        ("took_bucket", (("tool", "other"), ("le", str(edge)))): 20.0 for edge in range(20)
    }
