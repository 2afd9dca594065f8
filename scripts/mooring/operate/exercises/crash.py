"""`kill -9` at every step of a durable run: it goes on elsewhere, and nothing that was finished is done again."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mooring.errors import Failed
from mooring.operate.exercises.client import Client, Lost, patiently
from mooring.operate.exercises.effects import effects
from mooring.operate.exercises.outcome import Check, Exercised, percentile
from mooring.operate.exercises.questions import Question, questions
from mooring.operate.exercises.relay import nothing
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.steps import ANSWERED, Point, Steps, points
from mooring.operate.exercises.target import pids
from mooring.outcome import Reason

RESUMED_SECONDS = 3.0
"""Within which a run must go on."""

END_SECONDS = 60.0
"""Within which it must end, with its deadline begun again."""

DELAYS = (0.0, 0.002, 0.01, 0.03)
"""Seconds from the last answer to the kill: one of them each time."""


@dataclass
class Tally:
    """What came of all kills. Times are seconds."""

    kills: int = 0
    ended: int = 0
    again: int = 0
    resumed: list[float] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    doubled: int = 0
    expected: int = 0
    missing: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A question, how many steps its run has, and how many effects."""

    question: Question
    steps: int
    effects: int


def exercise(scratch: Scratch, kills: int | None = None) -> Exercised:
    """Kills so many times; by default at each moment of one run. Raises Failed when nothing of the copy answers."""
    if scratch.relay is None:
        raise Failed(Reason.PROCESS, "the copy has no relay")
    found = _found(scratch) or [_without_effects(scratch)]
    moments, tally = _moments(found, kills), Tally()
    for number, (asked, point) in enumerate(moments, 1):
        scratch.notify(f"kill {number} of {len(moments)}: step {point.number} of {asked.steps} {point.moment}")
        _kill(scratch, asked, point, tally)
        scratch.rest()
    return _judged(tally, found)


def _found(scratch: Scratch) -> list[Asked]:
    """For each agent, a question of the suites whose answer changes something; the shortest run first."""
    client, found = Client(scratch.url), dict[str, Asked]()
    for question in questions(scratch):
        if question.agent not in found:
            run = client.start(question.agent, question.say, wait=True).body
            if run.get("status") == "done" and effects(scratch.state, str(run.get("id"))):
                found[question.agent] = _looked(scratch, question)
    return sorted(found.values(), key=lambda asked: asked.steps)


def _without_effects(scratch: Scratch) -> Asked:
    """A probe: it shows that runs go on, and nothing of effects."""
    probe = scratch.release.content.environment.rollout.probes[0]
    return _looked(scratch, Question(probe.agent, f"{probe.say} (a live drill)", "the first probe"))


def _looked(scratch: Scratch, question: Question) -> Asked:
    """Counts the steps and the effects of a run that nobody kills. Raises Failed(PROBE_FAILED)."""
    steps = Steps(question.say)
    steps.told.set()
    with _watched(scratch, steps):
        run = Client(scratch.url).start(question.agent, question.say, wait=True).body
    if not steps.order or run.get("status") != "done":
        raise Failed(Reason.PROBE_FAILED, f"{question.agent} does not answer {question.case}: {run.get('status')}")
    return Asked(question, len(steps.order), effects(scratch.state, str(run["id"])))


def _moments(found: list[Asked], kills: int | None) -> list[tuple[Asked, Point]]:
    every = [(asked, point) for asked in found for point in points(asked.steps, DELAYS[0])]
    count = kills or len(points(found[0].steps, 0))
    chosen = [every[number % len(every)] for number in range(count)]
    turns = [number // len(every) for number in range(count)]
    return [
        (asked, Point(point.number, point.moment, DELAYS[turn % len(DELAYS)]) if point.moment == ANSWERED else point)
        for (asked, point), turn in zip(chosen, turns, strict=True)
    ]


@contextmanager
def _watched(scratch: Scratch, steps: Steps) -> Iterator[None]:
    """The relay tells `steps` of every call within the block."""
    if (relay := scratch.relay) is not None:
        relay.begun, relay.done = steps.begun, steps.done
        try:
            yield
        finally:
            relay.begun = relay.done = nothing


def _kill(scratch: Scratch, asked: Asked, point: Point, tally: Tally) -> None:
    """One run, and one kill."""
    facts = scratch.target.facts()
    processes = [pid for slot in facts.slots.values() for pid in pids(slot)]
    steps, client = Steps(asked.question.say, processes, point), Client(scratch.url)
    with _watched(scratch, steps):
        try:
            run = str(client.start(asked.question.agent, asked.question.say).body["id"])
        except (Lost, KeyError):
            tally.wrong.append(f"{asked.question.case} could not be asked")
            return
        steps.told.set()
        steps.died.wait(END_SECONDS)
        ended = patiently(client, run, END_SECONDS)
    _note(tally, asked, point, steps, ended, effects(scratch.state, run))


def _note(tally: Tally, asked: Asked, point: Point, steps: Steps, ended: Mapping[str, Any], made: int) -> None:
    where = f"{asked.question.case} at step {point.number} {point.moment}"
    if not steps.killed:
        tally.wrong.append(f"{where}: its process was not found")
        return
    tally.kills += 1
    tally.expected += asked.effects
    tally.again += len(steps.order) - len(set(steps.order))
    tally.repeated += [f"{where}: {step}" for step in steps.repeated]
    tally.doubled += max(made - asked.effects, sum(times - 1 for times in steps.effects.values()))
    tally.missing += max(0, asked.effects - made)
    if ended.get("status") == "done" and ended.get("answer"):
        tally.ended += 1
    else:
        tally.wrong.append(f"{where}: {ended.get('status', 'it could not be read')}")
    if steps.resumed:
        tally.resumed.append(steps.resumed - steps.killed)


def _judged(tally: Tally, found: list[Asked]) -> Exercised:
    p50, most = percentile(tally.resumed, 0.5), max(tally.resumed, default=0.0)
    seen = f"{tally.doubled} doubled and {tally.missing} missing of {tally.expected}"
    if not tally.expected:
        seen = "no question of the suites makes an agent change something"
    well = f"{tally.ended} of {tally.kills} did{f'; {tally.wrong[0]}' if tally.wrong else ''}"
    checks = (
        Check("runs whose process was killed", "end well", well, tally.kills > 0 and not tally.wrong),
        Check("finished steps", "are not done again", f"{len(tally.repeated)} were", not tally.repeated),
        Check("effects", "are there once", seen, tally.doubled == tally.missing == 0 if tally.expected else None),
        Check("after a kill", f"it goes on within {RESUMED_SECONDS:g} s", f"{p50:.2f} s, {most:.2f} s at most",
              most < RESUMED_SECONDS if tally.resumed else None),
    )  # fmt: skip
    figures = {
        "kills": tally.kills,
        "resumed_p50": round(p50, 3),
        "resumed_max": round(most, 3),
        "doubled": tally.doubled,
        "missing": tally.missing,
        "effects": tally.expected,
        "repeated": len(tally.repeated),
        "again": tally.again,
        "questions": [asked.question.case for asked in found],
    }
    said = f"{tally.kills} kills, resumed after {p50:.2f} s (at most {most:.2f} s), {tally.doubled} effects doubled"
    return Exercised("crash", checks, said, figures)
