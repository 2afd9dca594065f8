"""Evidence on disk: read as it was written, or refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.evaluate.attestation import Asked, Attestation, Attestations, read
from mooring.outcome import Reason
from mooring.release.sealed import write

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def found() -> Attestation:
    suites = {"refunds": Asked("sha256:1", 3, 3, 0, 0)}
    return Attestation(DIGEST, "staging", "recorded", "pass", "pass: 3 cases", None, suites, 0, "2026-05-01T10:00:00Z")


def test_it_is_read_as_it_was_written(found: Attestation, tmp_path: Path) -> None:
    store = Attestations(tmp_path / "evaluations")
    assert store.get(DIGEST, "recorded") is None
    path = store.put(found)
    assert store.get(DIGEST, "recorded") == found == read(path)
    assert store.get(DIGEST, "live") is None
    assert json.loads(path.read_text())["digest"] == found.digest
    assert [path.name] == [file.name for file in store.folder.iterdir()]


def test_the_newest_one_of_a_class_replaces_the_one_before(found: Attestation, tmp_path: Path) -> None:
    store = Attestations(tmp_path)
    store.put(found)
    store.put(replace(found, outcome="fail"))
    newest = store.get(DIGEST, "recorded")
    assert newest
    assert newest.outcome == "fail"
    assert newest.digest != found.digest


def edited(data: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps(data | changes).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "fail"},
        {"release": "sha256:" + "b" * 64},
        {"suites": {}},
        {"suites": {"refunds": {"digest": "sha256:1"}}},
        {"suites": []},
        {"format": "mooring.evidence/v2"},
        {"digest": DIGEST},
        {"more": 1},
        {"attempt": 2},
    ],
    ids=str,
)
def test_one_changed_value_is_enough_to_refuse_it(change: dict[str, Any], found: Attestation, tmp_path: Path) -> None:
    path = Attestations(tmp_path).put(found)
    path.write_bytes(edited(json.loads(path.read_bytes()), **change))
    with pytest.raises(Refused, match="is not evidence as moor eval wrote it") as refused:
        read(path)
    assert refused.value.reason is Reason.TAMPERED


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b"\xff", b'{"digest": 1', b"1e999"])
def test_what_is_no_evidence_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(Refused) as refused:
        read(tmp_path / "file")
    assert refused.value.reason is Reason.TAMPERED


def test_a_file_under_another_name_is_refused(found: Attestation, tmp_path: Path) -> None:
    store = Attestations(tmp_path)
    write(store.path("sha256:" + "b" * 64, "live"), found.to_bytes())
    with pytest.raises(Refused, match="evidence of something else"):
        store.get("sha256:" + "b" * 64, "live")


def test_no_file_is_no_evidence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"cannot read .*No such file") as refused:
        read(tmp_path / "gone.json")
    assert refused.value.reason is Reason.NO_EVIDENCE


def test_a_folder_that_cannot_be_written_is_said(found: Attestation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="cannot write") as failed:
        Attestations(tmp_path / "file" / "evaluations").put(found)
    assert failed.value.reason is Reason.STORAGE
