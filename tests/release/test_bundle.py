"""A release as one file: it says what it holds, or it is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.release.bundle import Bundle, read_bytes
from mooring.release.canonical import canonical
from mooring.release.content import ReleaseContent
from mooring.release.release import Release


@pytest.fixture
def bundle(content: ReleaseContent) -> Bundle:
    return Bundle(
        Release.of(content), {"plan": "sha256:1"}, ({"evidence": "recorded"},), "c0ffee", "2026-01-01T00:00:00Z"
    )


def test_it_is_the_same_after_its_file(bundle: Bundle) -> None:
    data = bundle.to_bytes()
    again = Bundle.from_bytes(data, "out.json")
    assert again == bundle
    assert again.to_bytes() == data, "one bundle has one signature"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda value: value.update(release=f"sha256:{'0' * 64}"), "and says that it is"),
        (lambda value: value["content"]["environment"].update(description="another"), "and says that it is"),
        (lambda value: value.update(environment="another"), "says that it is for another"),
        (lambda value: value.update(format="mooring.bundle/v9"), "is not a bundle"),
        (lambda value: value.update(more=1), "is not a bundle"),
        (lambda value: value.pop("plan"), "is not a bundle"),
    ],
    ids=["digest", "content", "environment", "format", "more", "less"],
)
def test_what_was_changed_is_refused(bundle: Bundle, change: Callable[[Any], Any], said: str) -> None:
    value = json.loads(bundle.to_bytes())
    change(value)
    with pytest.raises(Refused, match=said):
        Bundle.from_bytes(canonical(value), "out.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{}", b'{"format": 1}', b"\xff", b"[" * 100_000])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="is not a bundle"):
        Bundle.from_bytes(data, "out.json")


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failed, match="cannot read"):
        read_bytes(tmp_path / "none")
    monkeypatch.setattr("mooring.release.bundle.MOST", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(Refused, match="is larger than"):
        read_bytes(tmp_path / "large")
