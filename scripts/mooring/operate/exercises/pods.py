"""Pods that are killed under load: what was lost, and how soon the runs that they had go on in another pod."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

import sqlalchemy as sa

from mooring.errors import Failed, Stopped
from mooring.operate.exercises.client import Lost
from mooring.operate.exercises.cluster import Through
from mooring.operate.exercises.outcome import Check, Exercised, percentile
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.target import InCluster
from mooring.outcome import Reason
from mooring.spec.environment import Probe
from mooring.state.runs.parts import PARTS, UNDER_WAY

KILLS = 3
MORE = 4
"""Kills at most beyond those that were asked for, while none has met a pod at work."""

CLIENTS = 4
PAUSE_SECONDS = 0.1
"""Between two requests of a client."""

CALM_SECONDS = 1.5
UNHEARD_SECONDS = 3.0
"""Within which the cluster must have heard that a pod is gone: until then it sends requests there."""

RESUMED_SECONDS = 5.0
"""Within which a run must go on in another pod: the keeper sees within a second or two that its own is gone."""

END_SECONDS = 90.0
"""Within which runs must have ended, and a new pod be ready."""


@dataclass
class Load:
    """Times are of the monotonic clock: runs by when they were begun; requests without an answer; other failures."""

    begun: dict[str, float] = field(default_factory=dict)
    lost: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """What came of all kills: seconds until each run went on, and until the slot had all its pods again."""

    resumed: dict[str, float] = field(default_factory=dict)
    whole: list[float] = field(default_factory=list)
    late: float = 0.0
    pods: list[str] = field(default_factory=list)


def exercise(scratch: Scratch, kills: int | None = None) -> Exercised:
    """Kills so many pods, one after the other, while clients begin runs, and more until one of them was at work.

    Raises Failed when no new one gets ready.
    """
    target, load, tally, asked = cast(InCluster, scratch.target), Load(), Tally(), kills or KILLS
    with _loaded(target, scratch.release.content.environment.rollout.probes, load):
        for number in range(asked + MORE):
            if number >= asked and tally.resumed:
                break
            time.sleep(CALM_SECONDS)
            _kill(scratch, target, number, load, tally)
    open_ = _ended(target)
    return _judged(scratch, load, tally, open_)


@contextmanager
def _loaded(target: InCluster, probes: tuple[Probe, ...], load: Load) -> Iterator[None]:
    """Clients begin runs within the block, and do not wait for their ends."""
    over = threading.Event()

    def work(number: int) -> None:
        client, asked = Through(target), number
        while not over.wait(PAUSE_SECONDS):
            probe, asked = probes[asked % len(probes)], asked + 1
            try:
                reply = client.start(probe.agent, probe.say)
            except Lost:
                load.lost.append(time.monotonic())
                continue
            if run := reply.body.get("id"):
                load.begun[str(run)] = time.monotonic()
            else:
                load.failed.append(f"{reply.status} {reply.body}"[:200])

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(10)


def _kill(scratch: Scratch, target: InCluster, number: int, load: Load, tally: Tally) -> None:
    """One pod; returns when the slot has all its pods again and has had time to take over what the dead one had."""
    live, before = scratch.target.facts().live, len(load.lost)
    if live is None:
        raise Failed(Reason.PROCESS, f"nothing is live in {target.environment}")
    slot = scratch.live
    wanted, known = len(slot.workers), set(tally.resumed)
    killed = time.monotonic()
    pod = target.kill(live.slot, number % wanted + 1)
    tally.pods.append(pod)
    scratch.notify(f"killed {pod}")
    with ThreadPoolExecutor(1) as pool:  # a look at pods waits for those that do not answer yet
        looking = pool.submit(_whole, scratch, pod, wanted, killed)
        while not looking.done() or time.monotonic() < killed + RESUMED_SECONDS:
            for run in _taken_over(target) - known - tally.resumed.keys():
                tally.resumed[run] = time.monotonic() - killed
            time.sleep(0.1)
    whole = looking.result()
    if not whole:
        raise Failed(Reason.DEADLINE, f"no pod is ready in the place of {pod} after {END_SECONDS:.0f} s")
    tally.whole.append(whole)
    tally.late = max([tally.late, *(at - killed for at in load.lost[before:])])


def _whole(scratch: Scratch, gone: str, wanted: int, killed: float) -> float:
    """Seconds until the slot has all its pods again; 0.0 when that takes too long."""
    while time.monotonic() < killed + END_SECONDS:
        with suppress(Stopped):
            there = [one for one in scratch.live.workers if one.ready and one.pod != gone]
            if len(there) == wanted:
                return time.monotonic() - killed
        time.sleep(0.1)
    return 0.0


def _taken_over(target: InCluster) -> set[str]:
    """The runs that another process went on with."""
    found = sa.select(PARTS.c.run).where(PARTS.c.adopted > 0, PARTS.c.executor.is_not(None))
    return target.database.read(lambda connection: {str(run) for (run,) in connection.execute(found)})


def _ended(target: InCluster) -> dict[str, str]:
    """How each run stands, once none is under way any more or END_SECONDS are over."""
    end, found = time.monotonic() + END_SECONDS, sa.select(PARTS.c.run, PARTS.c.status)
    while True:
        said = target.database.read(lambda connection: dict(map(tuple, connection.execute(found))))
        if not any(status in UNDER_WAY for status in said.values()) or time.monotonic() > end:
            return said
        time.sleep(0.2)


def _judged(scratch: Scratch, load: Load, tally: Tally, stand: dict[str, str]) -> Exercised:
    times, killed = list(tally.resumed.values()), len(tally.pods)
    p50, most = percentile(times, 0.5), max(times, default=0.0)
    bad = [f"{run} {stand.get(run, 'is not stored')}" for run in load.begun if stand.get(run) != "done"]
    well = f"{len(load.begun) - len(bad):,} of {len(load.begun):,} did{f'; {bad[0]}' if bad else ''}"
    asked = len(load.begun) + len(load.lost) + len(load.failed)
    cut = f"{len(load.lost)} of {asked:,} lost, the last {tally.late:.1f} s after a kill; {len(load.failed)} failed"
    cut += f": {load.failed[0]}" if load.failed else ""
    checks = (
        Check("runs under way when a pod is killed", "end well", well, bool(load.begun) and not bad),
        Check("what the pod was doing", f"goes on in another within {RESUMED_SECONDS:g} s",
              f"{len(times)} runs: {p50:.2f} s, {most:.2f} s at most" if times else "it was doing nothing",
              most < RESUMED_SECONDS if times else None),
        Check("requests", f"are lost until the cluster has heard of it, {UNHEARD_SECONDS:g} s", cut,
              tally.late < UNHEARD_SECONDS and not load.failed),
        Check("the slot", "has all its pods again", f"after {max(tally.whole):.1f} s at most", True),
    )  # fmt: skip
    figures = {
        "where": scratch.target.environment,
        "kills": killed,
        "runs": len(load.begun),
        "resumed": len(times),
        "resumed_p50": round(p50, 3),
        "resumed_max": round(most, 3),
        "lost": len(load.lost),
        "failed": len(load.failed),
        "requests": asked,
        "whole_max": round(max(tally.whole), 3),
    }
    said = (
        f"{killed} pods killed under load: {len(times)} runs went on after {p50:.2f} s (at most {most:.2f} s), "
        f"{len(load.lost)} of {asked:,} requests lost; in {scratch.target.environment}, beside what serves"
    )
    return Exercised("crash", checks, said, figures)
