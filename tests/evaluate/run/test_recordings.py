"""Answers of models recorded once and replayed without a key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import Refused
from mooring.evaluate import recordings
from mooring.evaluate.recordings import Exchange, Recorder
from mooring.evaluate.values import Results
from mooring.release.release import Release
from tests.evaluate.run.conftest import Evaluate, MakeSuite
from tests.runtime.stub import Reply, Stub

CASE = {"id": "where", "vars": {"message": "Where is it?"}, "assert": [{"type": "contains", "value": "sent"}]}
ANSWER = {"kind": "response", "parts": [{"part_kind": "text", "content": "It is sent.\nTwo lines."}]}


def exchange(key: str = "sha256:1", repeat: int = 0) -> Exchange:
    return Exchange(key, "primary-1", repeat, "user: Where is it?", ANSWER)


@pytest.fixture
def recorded(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> Results:
    """The results of a recording run: one tool call and an answer."""
    stub.script("primary-1", Reply(tool=("find_order", {"order": "A-1"})), Reply("It is sent.\nAnything else?"))
    stub.script("shop", Reply(body={"status": "sent"}))
    return evaluate(suite(CASE), evidence="live", record=True, repeats=1)


@pytest.mark.slow
def test_a_replay_says_the_same_without_a_model_or_a_key(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, recorded: Results
) -> None:
    asked = len(stub.requests)
    replayed = evaluate(suite(CASE), evidence="recorded", environ={})
    (was,), (now,) = recorded.trials[0].replies, replayed.trials[0].replies
    assert (now.text, now.calls, now.rung, now.cost_usd) == (was.text, was.calls, was.rung, was.cost_usd)
    assert len(stub.requests) == asked
    assert (replayed.evidence, recorded.evidence) == ("recorded", "live")
    assert now.latency_seconds is None
    assert was.latency_seconds


def _other_tool_result(stub: Stub, release: Release) -> Release:
    stub.script("shop", Reply(body={"status": "lost"}))
    return release


def _edited(kind: str, name: str, **fields: Any) -> Any:
    def change(stub: Stub, release: Release) -> Release:
        documents = getattr(release.content, kind)
        document = documents[name].model_copy(update=fields)
        return Release.of(release.content.model_copy(update={kind: {**documents, name: document}}))

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        _other_tool_result,
        _edited("tools", "find-order", description="Another description."),
        _edited("models", "primary", id="primary-2"),
        _edited("agents", "support", variables={"shop": "Harbour"}),
    ],
    ids=["tool result", "tool", "model", "prompt"],
)
@pytest.mark.usefixtures("recorded")
def test_whatever_a_model_is_sent_makes_a_recording_stale(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, release: Release, change: Any
) -> None:
    changed = evaluate(suite(CASE), evidence="recorded", release=change(stub, release))
    (trial,) = changed.trials
    assert trial.passed is None
    assert "stale-recording" in (trial.replies[0].error or "")
    assert "moor eval asked --record" in (trial.replies[0].error or "")


@pytest.mark.slow
@pytest.mark.usefixtures("recorded")
def test_a_repeat_that_was_not_recorded_is_stale(suite: MakeSuite, evaluate: Evaluate) -> None:
    trials = evaluate(suite(CASE), evidence="recorded", repeats=2).trials
    assert [trial.passed for trial in sorted(trials, key=lambda trial: trial.repeat)] == [True, None]


@pytest.mark.slow
@pytest.mark.usefixtures("recorded")
def test_an_answer_edited_by_hand_is_refused(suite: MakeSuite, evaluate: Evaluate, tmp_path: Path) -> None:
    path = tmp_path / "recordings/asked/where.yaml"
    path.write_text(path.read_text().replace("It is sent", "It is sent today"))
    (trial,) = evaluate(suite(CASE), evidence="recorded").trials
    assert trial.passed is None
    assert "changed by hand" in (trial.replies[0].error or "")


@pytest.mark.usefixtures("recorded")
def test_a_recording_is_read_like_a_conversation(tmp_path: Path) -> None:
    text = (tmp_path / "recordings/asked/where.yaml").read_text()
    assert text.startswith("# Answers of models, recorded. Do not edit: `moor eval asked --record`")
    assert "asked: 'user: Customer: Where is it?'" in text
    assert "content: |-\n        It is sent.\n        Anything else?\n" in text
    assert "timestamp" not in text
    assert "127.0.0.1" not in text


@pytest.mark.slow
@pytest.mark.usefixtures("recorded")
def test_a_case_that_was_not_answered_keeps_its_recording(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, tmp_path: Path
) -> None:
    path = tmp_path / "recordings/asked/where.yaml"
    before = path.read_text()
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, Reply(status=500))
    evaluate(suite(CASE), evidence="live", record=True, repeats=1)
    assert path.read_text() == before


@pytest.mark.parametrize("text", ["", "[]", "format: other", "{", "format: mooring.recordings/v1\nexchanges: [{}]"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    path = recordings.path_of(tmp_path, "s", "c")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(Refused, match="was not written by --record"):
        recordings.read(tmp_path, "s", "c")


def test_every_part_of_an_exchange_is_sealed(tmp_path: Path) -> None:
    path = recordings.write(tmp_path, "s", "c", [exchange()])
    assert recordings.read(tmp_path, "s", "c") == {"sha256:1": exchange()}
    for name, value in {"key": "x", "model": "x", "repeat": 1, "asked": "x", "answer": {}}.items():
        data = yaml.safe_load(path.read_text())
        data["exchanges"][0][name] = value
        path.write_text(yaml.safe_dump(data))
        with pytest.raises(Refused):
            recordings.read(tmp_path, "s", "c")
        recordings.write(tmp_path, "s", "c", [exchange()])


def test_a_case_is_written_when_all_its_repeats_are_there(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {("s", "c"): 2})
    recorder.add("s", "c", [exchange("b", 1)], answered=True)
    assert not recorder.written
    recorder.add("s", "c", [exchange("a", 0)], answered=True)
    assert list(recordings.read(tmp_path, "s", "c")) == ["a", "b"]


def test_recordings_of_cases_that_are_gone_are_deleted(tmp_path: Path) -> None:
    kept, gone = (recordings.write(tmp_path, "s", case, [exchange()]) for case in ("kept", "gone"))
    assert recordings.prune(tmp_path, "s", ["kept"]) == [gone]
    assert kept.exists()
    assert not gone.exists()
