"""A real search, small: the simulator is asked, in processes of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.drill.tune.space import TODAY
from mooring.drill.tune.tune import Tuned, Tuning, Wish
from mooring.errors import Refused
from mooring.release.resolve import resolve
from mooring.spec import Drill, Resilience
from tests.drill.tune.made_up import drill
from tests.repository import CONTENT, surrounded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HANG = [{"rung": "L0", "mode": "hang", "start": 0.02, "end": 0.13}]
BURN = [{"rung": "L0", "mode": "latency", "seconds": 30, "start": 0.02, "end": 0.13}]
DRILLS = {
    name: drill(name, hours=0.14, perMinute=8, incidents=incidents)
    for name, incidents in (("hang", HANG), ("burn", BURN), ("stall", HANG))
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where all that is written is; nothing is taken from this machine."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with surrounded():
        yield tmp_path


def wish(drills: dict[str, Drill], evaluations: int, **more: Any) -> Wish:
    """Of a profile that waits long and hedges nothing: better ones are near."""
    catalog = load_valid(WorkTree(CONTENT))
    profile = catalog.all(Resilience)["critical"].model_dump(mode="json", by_alias=True)
    profile["ladder"]["hedge"]["enabled"] = False
    evals = CONTENT / "evals"
    return Wish(
        catalog=catalog,
        release=resolve(catalog, "local"),
        profile=Resilience.model_validate(profile),
        drills=drills,
        rules=evals / "simulator",
        evals=evals / "drills",
        seed=1,
        evaluations=evaluations,
        cost_usd=more.get("cost_usd"),
    )


def test_a_better_profile_is_found_and_proved_on_traces_that_were_not_searched(files: Path) -> None:
    done: list[int] = []
    tuning = Tuning(wish(DRILLS, 10))
    found = tuning.run(lambda: done.append(1))

    assert found.chosen != TODAY
    assert found.proof is not None
    assert found.better, found.proof.why_not
    assert found.proof.gained.low > 0
    assert {each.trace.name for each in found.proof.today} == set(DRILLS)
    assert not {trace.name for trace in found.split.search} & set(found.split.unseen)
    assert found.evaluations <= 10
    assert len(done) <= tuning.steps
    assert not list(files.glob("moor-drill*"))


def test_a_cost_limit_that_nothing_keeps_leaves_the_profile_as_it_is() -> None:
    found = Tuning(wish(DRILLS, 3, cost_usd=1e-9)).run(lambda: None)
    assert not found.better
    assert "cost" in " ".join(found.today.summary.missed)


def test_a_search_that_is_stopped_shows_what_there_is_and_leaves_no_process_and_no_file(files: Path) -> None:
    left = 3

    def done() -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    tuning = Tuning(wish(DRILLS, 40))
    with pytest.raises(KeyboardInterrupt):
        tuning.run(done)
    so_far: Tuned | None = tuning.so_far()
    assert so_far is not None
    assert so_far.proof is None
    assert not so_far.better
    assert not list(files.glob("moor-drill*"))


def test_a_profile_that_no_agent_has_is_refused() -> None:
    asked = wish(DRILLS, 12)
    other = asked.profile.model_copy(update={"name": "nobodys"})
    with pytest.raises(Refused):
        Tuning(Wish(**{**vars(asked), "profile": other}))
