"""Hotfixes on a target without processes: what goes out, what is kept of others, and the way back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import Failed, FindingsError, Refused, UsageError
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver, hotfix, lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.patches import Hotfix, Patch
from mooring.rollout.state import Resumed, Side, State

HOUR = 3600.0
SMALL = "openai/gpt-4-1"


class Place:
    """An environment with release 1 live, and a clock."""

    def __init__(self, target: Any, ledger: Ledger, clock: Any, release: Callable[..., Release]) -> None:
        self.target, self.ledger, self.clock, self.release = target, ledger, clock, release
        self.said: list[str] = []
        self.deploy(1)

    def deploy(self, number: int, **rollout: Any) -> Any:
        request = driver.Request(self.release(number, **rollout), "ann")
        return driver.deploy(self.target, self.ledger, request, self.said.append, self.clock)

    def fix(self, hours: float = 2, name: str = SMALL, **values: Any) -> Hotfix | None:
        now = self.clock.now()
        dotted = {path.replace("__", "."): value for path, value in values.items()}
        patch = Patch("model", name, dotted, "bob", "it is slow", now, now + hours * HOUR)
        return hotfix.hotfix(self.target, self.ledger, patch, self.said.append, self.clock)[1]

    def later(self, hours: float) -> Any:
        self.clock.time += hours * HOUR
        return hotfix.expire(self.target, self.ledger, "supervisor", self.said.append, self.clock)

    @property
    def state(self) -> State:
        return self.ledger.state("local")

    @property
    def options(self) -> dict[str, Any]:
        """Of the model, as the live release has them."""
        live = self.state.live
        assert live is not None
        return dict(self.target.release(live.digest).content.models[SMALL].options.model_dump())


@pytest.fixture
def place(target: Any, ledger: Ledger, clock: Any, release: Callable[..., Release]) -> Place:
    return Place(target, ledger, clock, release)


def test_a_hotfix_is_a_release_that_was_probed_and_is_in_the_ledger(place: Place) -> None:
    asked = place.target.asked
    made = place.fix(options__temperature=0.5)
    assert made == place.state.hotfix
    assert made is not None
    assert (made.base, [patch.reason for patch in made.patches]) == (place.release(1).digest, ["it is slow"])
    assert place.options["temperature"] == 0.5
    assert place.target.asked > asked
    requested = next(entry for entry in place.ledger.entries(50) if entry.event["event"] == "requested")
    assert (requested.actor, requested.event["kind"]) == ("bob", "hotfix")
    assert requested.event["hotfix"]["patches"][0]["owner"] == "bob"
    assert place.ledger.verify() > 0


def test_when_its_time_is_over_git_s_release_comes_back_and_nothing_is_quarantined(place: Place) -> None:
    place.fix(hours=2, options__temperature=0.5)
    assert place.later(1.9) is None
    receipt = place.later(0.2)
    assert (receipt.kind, receipt.digest) == ("return", place.release(1).digest)
    assert (place.state.hotfix, place.state.quarantined, place.state.hotfixes) == (None, None, ())
    assert place.later(1) is None


def test_of_two_hotfixes_the_longer_one_stays_when_the_other_is_over(place: Place) -> None:
    place.fix(hours=1, options__temperature=0.5)
    place.fix(hours=3, options__maxOutputTokens=99)
    assert (place.options["temperature"], place.options["maxOutputTokens"]) == (0.5, 99)
    place.later(2)
    assert place.options["temperature"] != 0.5
    assert place.options["maxOutputTokens"] == 99
    assert place.state.hotfix is not None
    assert place.state.hotfix.base == place.release(1).digest
    assert place.later(2).digest == place.release(1).digest
    assert place.state.live is not None
    assert place.state.live.digest == place.release(1).digest


def test_a_patch_that_takes_another_back_is_the_way_back(place: Place) -> None:
    before = place.options["temperature"]
    place.fix(options__temperature=0.5)
    assert place.fix(options__temperature=before) is None
    assert place.state.live is not None
    assert place.state.live.digest == place.release(1).digest


def test_what_was_deployed_since_stays_when_the_time_is_over(place: Place) -> None:
    place.fix(options__temperature=0.5)
    place.deploy(2)
    assert place.state.hotfix is None
    assert place.later(5) is None
    assert place.state.live is not None
    assert place.state.live.digest == place.release(2).digest


def test_a_rollback_during_a_hotfix_goes_to_the_release_it_was_made_of(place: Place) -> None:
    place.deploy(2)
    made = place.fix(options__temperature=0.5)
    assert made is not None
    receipt = driver.rollback(place.target, place.ledger, "eve", place.said.append, place.clock)
    assert receipt.digest == place.release(2).digest
    assert (place.state.quarantined, place.state.hotfix) == (made.digest, None)
    assert place.later(5) is None


def test_a_rollback_after_a_hotfix_never_goes_to_it(place: Place) -> None:
    place.fix(options__temperature=0.5)
    place.deploy(2)
    receipt = driver.rollback(place.target, place.ledger, "eve", place.said.append, place.clock)
    assert receipt.digest == place.release(1).digest


def test_a_quarantine_outlives_a_hotfix(place: Place) -> None:
    place.deploy(2)
    driver.rollback(place.target, place.ledger, "eve", place.said.append, place.clock)
    place.fix(options__temperature=0.5)
    place.later(3)
    assert place.state.quarantined == place.release(2).digest
    with pytest.raises(Refused) as refused:
        place.deploy(2)
    assert refused.value.reason is Reason.QUARANTINED


def test_neither_a_hotfix_nor_its_end_waits_for_a_freeze(place: Place) -> None:
    start, end = (datetime.fromtimestamp(place.clock.now() + hours * HOUR, UTC) for hours in (-1, 24))
    freeze = {"reason": "Holidays.", "start": start.isoformat(), "end": end.isoformat()}
    later = datetime.fromtimestamp(place.clock.now() + 1, UTC)
    place.deploy(3, freezes=[{**freeze, "start": later.isoformat()}])
    place.clock.time += 60
    with pytest.raises(Refused):
        place.deploy(4, freezes=[freeze])
    assert place.fix(options__temperature=0.5)
    assert place.later(3).kind == "return"


def test_during_a_rollout_a_hotfix_is_told_who_has_the_lease(place: Place) -> None:
    lease.acquire(place.ledger, "local", "ann", "deploy")
    with pytest.raises(Refused, match="locked by ann") as refused:
        place.fix(options__temperature=0.5)
    assert refused.value.reason is Reason.LOCKED


def test_a_hotfix_that_does_not_answer_the_probes_leaves_everything_as_it_was(place: Place) -> None:
    place.fix(options__temperature=0.5)
    first = place.state.hotfix
    place.target.answers = dict.fromkeys(place.target.releases, "I find your orders.")
    place.target.probe = lambda *_: "nothing of the kind"
    with pytest.raises(Failed) as failed:
        place.fix(options__temperature=0.7)
    assert failed.value.reason is Reason.PROBE_FAILED
    assert place.state.hotfix == first
    assert place.state.hotfixes == (first,)


def test_a_bake_that_fails_goes_back_to_the_hotfix_before(place: Place) -> None:
    first = place.fix(options__temperature=0.5)
    place.clock.meanwhile = lambda: place.target.serve(answered=0, failed=30)
    with pytest.raises(Failed) as failed:
        place.fix(options__temperature=0.7)
    assert failed.value.reason is Reason.BAKE_FAILED
    assert place.state.hotfix == first


def test_what_is_left_and_does_not_work_alone_goes_too(place: Place) -> None:
    place.fix(hours=1, prices__inputPerMillion=0)
    state = place.state
    assert state.hotfix is not None
    broken = Patch("model", SMALL, {"options.nothing": 1}, "bob", "r", 0, place.clock.now() + 9 * HOUR)
    alone = Hotfix(state.hotfix.digest, state.hotfix.base, (*state.hotfix.patches, broken))
    held = lease.acquire(place.ledger, "local", "test", "note")
    entry = place.ledger.entries(1)[0]
    event = Resumed(entry.at, state.live)
    place.ledger.append("local", held.token, "test", event, state.change(hotfixes=(alone,)))
    lease.release(place.ledger, held)
    assert place.later(2).digest == place.release(1).digest
    assert any("does not work alone" in line for line in place.said)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"options__temprature": 1}, UsageError, "did you mean 'temperature'"),
        ({"options__temperature": "hot"}, FindingsError, "1 finding"),
        ({"nothing__at__all": 1}, UsageError, "has no `nothing.at.all`"),
        ({"version": "2.0.0"}, UsageError, "says which document"),
    ],
)
def test_a_patch_that_does_not_fit_changes_nothing(place: Place, values: Any, error: Any, message: str) -> None:
    before = place.ledger.entries(1)[0].seq
    with pytest.raises(error, match=message):
        place.fix(**values)
    assert place.ledger.entries(1)[0].seq == before


def test_what_nobody_deployed_is_not_patched(place: Place) -> None:
    place.target.put(place.release(9))
    place.target.stage(Side("green", place.release(9).digest), 99)
    place.target.switch(place.target.facts().warm(), 99)
    place.target.token = 0
    with pytest.raises(Refused, match="nobody deployed") as refused:
        place.fix(options__temperature=0.5)
    assert refused.value.reason is Reason.STALE
