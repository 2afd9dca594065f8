"""What is found, by which of the three sides moved."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.operate.drift.adoption import adopt, adoptable
from mooring.operate.drift.answers import answered, documents
from mooring.operate.drift.difference import Moved
from mooring.operate.drift.git import default_branch
from mooring.release.patch import patched
from mooring.rollout.notes import SEEN, Noted, note
from mooring.rollout.state import Kind
from tests.operate.drift.conftest import MODEL, World

FIELD = f"model/{MODEL}:options.temperature"
FILE = f"configs/models/{MODEL}.yaml"


def test_nothing_differs_where_nothing_moved(world: World) -> None:
    report = world.look()
    assert (report.differences, report.certain, report.data()["in_sync"]) == ((), True, True)


def test_what_is_merged_and_not_deployed_is_behind(world: World) -> None:
    world.repo.edit(FILE, "temperature: 0.2", "temperature: 0.4")
    world.repo.commit("warmer")
    (one,) = world.look().differences
    assert (one.moved, one.field) == (Moved.BEHIND, FIELD)
    assert one.change is not None
    assert (one.change.before, one.change.after, one.change.code) == (0.2, 0.4, "model.options-changed")
    assert one.who == f"git {world.repo.git('rev-parse', 'HEAD').strip()[:12]}"
    assert one.since == float(world.repo.git("log", "-1", "--format=%ct").strip())


@pytest.mark.slow
def test_what_was_deployed_and_not_merged_is_no_drift_of_git(world: World) -> None:
    world.repo.git("switch", "-q", "-c", "elsewhere")
    world.repo.edit(FILE, "temperature: 0.2", "temperature: 0.4")
    world.repo.commit("warmer")
    world.deploy()
    (one,) = world.look().differences
    assert (one.moved, one.who.startswith("ledger: deployed by ann from ")) == (Moved.UNMERGED, True)


@pytest.mark.slow
def test_what_was_deployed_from_no_commit_is_said_to_be(world: World) -> None:
    world.deploy(None, patched(world.release(), "model", MODEL, {"options.temperature": 0.4}))
    (one,) = world.look().differences
    assert (one.moved, one.who) == (Moved.UNMERGED, "ledger: deployed by ann from no commit")


@pytest.mark.slow
def test_after_a_rollback_the_ledger_says_who_went_back(world: World) -> None:
    first = world.release()
    world.repo.edit(FILE, "temperature: 0.2", "temperature: 0.4")
    world.repo.commit("warmer")
    world.deploy()
    world.deploy("HEAD~1", first, kind=Kind.ROLLBACK)
    (one,) = world.look().differences
    assert (one.moved, one.who) == (Moved.BEHIND, "ledger: rolled back by ann")


def test_a_hotfix_is_named_with_who_made_it_and_why(temperature: Any) -> None:
    (one,) = temperature(0.9)
    assert (one.moved, one.field, one.who) == (Moved.IN_PLACE, FIELD, "hotfix by bob: it is slow")
    assert (one.change.before, one.change.after) == (0.2, 0.9)


@pytest.mark.slow
def test_another_release_in_the_live_slot_is_changed_in_place_by_nobody_knows_whom(world: World) -> None:
    world.slots.hold("blue", patched(world.release(), "model", MODEL, {"options.temperature": 0.9}))
    (one,) = world.look().differences
    assert (one.moved, one.field, one.who, one.where) == (Moved.IN_PLACE, FIELD, "unknown", "blue")


def test_a_process_whose_memory_is_not_its_release_is_found(world: World) -> None:
    said = world.slots.config("blue")
    said["content"]["models"][MODEL]["options"]["temperature"] = 0.9
    world.slots.said["blue"] = said
    assert world.found() == [("changed in place", FIELD)]


def test_what_cannot_be_read_is_unknown_and_no_crash(world: World) -> None:
    said = world.slots.config("blue")
    said["content"]["models"][MODEL]["options"]["temperature"] = 1000
    world.slots.said["blue"] = said
    report = world.look()
    assert (report.certain, [one.moved for one in report.differences]) == (False, [Moved.UNKNOWN])
    assert "temperature: Input should be less than" in report.differences[0].sentence


@pytest.mark.slow
def test_every_worker_of_a_slot_is_compared(world: World) -> None:
    world.slots.workers = 3
    assert len(world.look().slots) == 1
    for number in (2, 3):
        said = world.slots.config("blue")
        said["content"]["models"][MODEL]["options"]["temperature"] = 0.9 + number / 10
        world.slots.said[f"blue.{number}"] = said
    (one,) = world.look().differences
    assert (one.moved, one.field, one.where) == (Moved.IN_PLACE, FIELD, "blue")
    assert "worker 2 of blue" in one.sentence


@pytest.mark.slow
def test_what_only_some_workers_run_is_not_adopted(world: World) -> None:
    world.slots.workers = 2
    said = world.slots.config("blue")
    said["content"]["models"][MODEL]["options"]["temperature"] = 0.9
    world.slots.said["blue.2"] = said
    report = world.look()
    made = adopt(world.repo.root, report, adoptable(report))
    assert (made.files, made.adopted) == ({}, [])
    assert "the workers of blue do not run the same" in made.refused[0][1]


@pytest.mark.slow
def test_a_standby_may_hold_an_older_release_but_not_another_than_it_was_given(world: World) -> None:
    older = patched(world.release(), "model", MODEL, {"options.temperature": 0.9})
    world.slots.hold("green", older)
    assert world.found() == []
    world.slots.said["green"] = world.slots.config("blue")
    world.slots.said["green"]["content"]["models"][MODEL]["options"]["temperature"] = 0.1
    assert world.found() == [("changed in place", FIELD)]


def test_a_key_that_only_an_older_format_lacks_is_no_drift(world: World) -> None:
    said = world.slots.config("blue")
    del said["content"]["drift"]["drift"]["behaviour"]
    said["content"]["models"][MODEL]["options"]["temperature"] = 0.20
    world.slots.said["blue"] = said
    assert world.found() == []


@pytest.mark.slow
def test_an_altered_release_is_named_and_what_runs_is_compared_with_git(world: World) -> None:
    digest = world.release().digest
    world.slots.tampered.add(digest)
    assert world.found() == [("stored release altered", f"stored-release-altered:{digest}")]


@pytest.mark.slow
def test_other_code_is_found_in_the_live_slot_alone(world: World) -> None:
    world.slots.hold("green", world.release())
    world.slots.said["green"] = {**world.slots.config("green"), "program": "sha256:older"}
    assert world.found() == []
    world.slots.said["blue"] = {**world.slots.config("blue"), "program": "sha256:other"}
    assert world.found() == [("other code", "other-code:blue")]


@pytest.mark.slow
def test_code_in_git_is_what_the_process_is_compared_with(world: World) -> None:
    world.repo.root.joinpath("scripts/mooring").mkdir(parents=True)
    world.repo.root.joinpath("scripts/mooring/main.py").write_text("print('other')\n")
    world.repo.commit("code")
    assert world.found() == [("other code", "other-code:blue")]


@pytest.mark.slow
def test_what_does_not_answer_is_unknown_and_never_in_sync(world: World) -> None:
    world.slots.down = "local is not running here"
    report = world.look()
    assert (report.certain, report.unknown, report.data()["in_sync"]) == (False, "local is not running here", False)


def test_a_slot_that_does_not_say_what_it_runs_is_unknown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from mooring.errors import Failed
    from mooring.outcome import Reason

    def config(_slot: str, _worker: int = 1) -> dict[str, Any]:
        raise Failed(Reason.NOT_RUNNING, "blue does not answer")

    monkeypatch.setattr(world.slots, "config", config)
    report = world.look()
    assert [one.moved for one in report.differences] == [Moved.UNKNOWN]
    assert not report.certain


@pytest.mark.slow
def test_no_slot_with_the_traffic_is_unknown(world: World) -> None:
    world.slots.live = None
    assert ("slot unknown", "slot-unknown:traffic") in world.found()


@pytest.mark.slow
def test_what_was_never_deployed_is_behind_as_a_whole(world: World, tmp_path: Any) -> None:
    from mooring.operate.drift.observe import observe
    from mooring.rollout.ledger import Ledger
    from mooring.state.place.location import Location

    empty = Ledger(Location(tmp_path / "empty", "local"))
    world.slots.held, world.slots.live = {}, None
    report = observe(world.repo.root, "local", "main", world.slots, empty)
    assert [(one.moved, one.sentence) for one in report.differences] == [(Moved.BEHIND, "main was never deployed")]
    empty.close()


@pytest.mark.slow
def test_a_reference_without_the_environment_is_a_mistake(world: World) -> None:
    world.repo.root.joinpath("configs/environments/local.yaml").unlink()
    world.repo.commit("no local")
    with pytest.raises(UsageError, match=r"[0-9a-f]{12}: no environment 'local'"):
        world.look()
    with pytest.raises(UsageError, match="no commit 'nowhere'"):
        world.look("nowhere")


@pytest.mark.slow
def test_values_that_look_like_secrets_are_masked_everywhere(world: World) -> None:
    key = "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0k1L2"
    world.patch("model", MODEL, {"baseUrl": f"https://example.com/{key}"})
    assert key not in json.dumps(world.look().data())
    assert "[secret]" in json.dumps(world.look().data())


@pytest.mark.slow
def test_the_first_sight_of_a_difference_is_its_age_until_it_is_gone(world: World) -> None:
    world.slots.hold("blue", patched(world.release(), "model", MODEL, {"options.temperature": 0.9}))
    (one,) = world.look().differences
    assert one.since is None
    for at in (100.0, 200.0):
        note(world.ledger, "local", "ann", Noted(at, SEEN, (one.key, str(at))))
    assert world.look().differences[0].since == 100.0
    note(world.ledger, "local", "ann", Noted(300.0, SEEN, ()))
    note(world.ledger, "local", "ann", Noted(400.0, SEEN, (one.key,)))
    assert world.look().differences[0].since == 400.0


def test_the_default_branch_is_the_remote_s_where_there_is_one(world: World, tmp_path: Any) -> None:
    assert default_branch(world.repo.root) == "main"
    world.repo.git("clone", "-q", str(world.repo.root), str(tmp_path / "clone"))
    assert default_branch(tmp_path / "clone") == "origin/main"


RULES = """\
rules:
  - fields: ["model/*:options.*"]
    environments: [production]
    answer: heal
  - fields: ["model/openai/*:options.temperature"]
    answer: tolerate
    until: 2030-01-31T00:00:00Z
    owner: "@tidewater/platform"
    reason: A trial.
"""


@pytest.mark.slow
def test_the_first_rule_that_names_field_and_environment_answers_until_its_day(world: World, temperature: Any) -> None:
    file = world.repo.root / "configs/operations/drift.yaml"
    file.write_text(file.read_text().partition("rules:")[0] + RULES)
    world.repo.commit("answers")
    world.deploy()
    temperature(0.9)
    report = world.look()
    drift = documents(world.repo.root, report.git.commit)
    before, after = (answered(report, drift, datetime(2030, 1, day, tzinfo=UTC)) for day in (30, 31))
    assert [one.answer.what for one in before.differences] == ["tolerate"]
    assert before.open == ()
    assert [(one.answer.what, one.answer.owner) for one in after.open] == [("report", "@tidewater/platform")]
