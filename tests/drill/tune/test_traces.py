"""What a search sees, and what it does not."""

from pathlib import Path
from typing import Any

import pytest

from mooring.drill.schedule import arrivals
from mooring.drill.tune.traces import APART, Trace, split
from mooring.errors import Refused
from mooring.release.content import ReleaseContent
from mooring.spec import Drill
from tests.drill.tune.made_up import drill
from tests.runtime.sample import sample

EVALS = Path("evals/drills")
NAMES = ("auth", "burn", "hang", "storm", "tail", "year")


def content(agents: tuple[str, ...] = ("support", "page")) -> ReleaseContent:
    found = sample().content
    return found.model_copy(update={"agents": {name: found.agents[name] for name in agents}})


def several(**more: Any) -> dict[str, Drill]:
    return {name: drill(name, **more) for name in NAMES}


def asked(trace: Trace) -> int:
    return sum(
        len(arrivals(trace.drill, trace.questions, outages, seed))
        for seed, outages in zip(trace.seeds, trace.outages, strict=True)
    )


def test_two_drills_are_never_seen_and_the_others_by_other_seeds_alone() -> None:
    release = content()
    found = split(several(), release, release.resilience["quick"], 7, EVALS)
    searched = {trace.name for trace in found.search}
    assert len(found.unseen) == 2
    assert searched == set(NAMES) - set(found.unseen)
    assert {trace.name for trace in found.held_out} == set(NAMES)
    assert all(seed >= 7 + APART for trace in found.held_out for seed in trace.seeds)
    assert all(seed < 7 + APART for trace in found.search for seed in trace.seeds)


def test_the_seed_says_which() -> None:
    release = content()
    drawn = {split(several(), release, release.resilience["quick"], seed, EVALS).unseen for seed in range(8)}
    assert len(drawn) > 1
    again = split(several(), release, release.resilience["quick"], 3, EVALS)
    assert again.unseen == split(several(), release, release.resilience["quick"], 3, EVALS).unseen


def test_short_traces_are_lived_through_by_several_seeds() -> None:
    release = content()
    drills = several() | {"long": drill("long", perMinute=20)}
    found = {trace.name: trace for trace in split(drills, release, release.resilience["quick"], 0, EVALS).held_out}
    assert (len(found["hang"].seeds), len(found["long"].seeds)) == (2, 1)


def test_agents_of_other_profiles_are_left_out_with_their_part_of_the_load() -> None:
    release = content()
    other = release.agents["page"].model_copy(update={"resilience": "other"})
    profiles = release.resilience | {"other": release.resilience["quick"].model_copy(update={"name": "other"})}
    mixed = release.model_copy(
        update={"agents": {"support": release.agents["support"], "page": other}, "resilience": profiles}
    )
    questions = [{"agent": name, "say": "hi", "expect": "."} for name in ("support", "page")]

    (whole, *_) = split(several(questions=questions), release, release.resilience["quick"], 0, EVALS).held_out
    (half, *_) = split(several(questions=questions), mixed, profiles["other"], 0, EVALS).held_out

    assert {question.agent for question in half.questions} == {"page"}
    assert half.drill.per_minute == whole.drill.per_minute / 2
    assert asked(half) < asked(whole)


def test_too_few_drills_for_the_profile_are_refused() -> None:
    release = content(("support",))
    elsewhere = [{"agent": "page", "say": "hi", "expect": "."}]
    drills = {"a": drill("a"), "b": drill("b"), "c": drill("c", questions=elsewhere)}
    with pytest.raises(Refused, match="2 of 3 drills ask an agent of profile quick"):
        split(drills, release, release.resilience["quick"], 0, EVALS)
