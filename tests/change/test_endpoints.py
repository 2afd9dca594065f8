"""What it means that providers are real or simulated from now on."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]
CHANGED = "environment.endpoints-changed"


def said(edit: Edit, before: Any, after: Any) -> list[tuple[str, str, str]]:
    old, new = (edit({"environment.endpoints": one}) for one in (before, after))
    return [(change.code, change.path, change.sentence) for change in diff(new, old)]


ALL_REAL = {"openai": "real", "anthropic": "real"}
ONE_REAL = {"openai": "real", "anthropic": "simulated"}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("simulated", ONE_REAL, ["openai: simulated → real"]),
        (ALL_REAL, ONE_REAL, ["anthropic: real → simulated"]),
        ("simulated", ALL_REAL, ["anthropic: simulated → real", "openai: simulated → real"]),
        (ONE_REAL, "real", ["anthropic: simulated → real"]),
    ],
)
def test_each_provider_that_changes_is_named(edit: Edit, before: Any, after: Any, changes: list[str]) -> None:
    told = [(CHANGED, f"endpoints.{text.partition(':')[0]}", f"{text}") for text in changes]
    assert said(edit, before, after) == told


@pytest.mark.parametrize("word", ["simulated", "real"])
def test_the_same_by_provider_changes_nothing(edit: Edit, word: str) -> None:
    ((code, _, text),) = said(edit, word, {"openai": word, "anthropic": word})
    assert (code, text) == (
        "document.metadata",
        "endpoints are written differently, and each provider is as before",
    )


def test_a_provider_without_models_here_is_named_too(edit: Edit) -> None:
    ((code, path, text),) = said(edit, ALL_REAL, ALL_REAL | {"local": "simulated"})
    assert (code, path, text) == (CHANGED, "endpoints.local", "local: real → simulated")
