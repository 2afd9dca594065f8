"""Settings of the repository that are not as git says are drift of each environment that they concern."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mooring.operate.drift.answers import answered
from mooring.operate.drift.difference import Moved
from mooring.operate.drift.observe import Report
from mooring.operate.drift.repository import with_settings
from mooring.operate.drift.sides import Git, Ledger, Stored
from mooring.operate.repository.settings.all import look, put
from mooring.operate.repository.settings.asking import Asking
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec import Drift
from tests.operate.repository.settings.forge import Forge
from tests.operate.repository.standin import TOKEN

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def forge(content: ReleaseContent) -> Iterator[Forge]:
    """Set as the document of the content says."""
    with Forge().serving() as server:
        server.repository = "tidewater/agents"
        asking = Asking(server.github, pause=lambda seconds: None)
        list(put(list(look(content.repositories["github"], asking)), asking))
        yield server


def observed(content: ReleaseContent, forge: Forge, environment: str = "production", **environ: str) -> Report:
    release = Release.of(content)
    report = Report(environment, Git("main", "c" * 40, Stored(release.digest, release.data), None), None, ())
    given = {**forge.environ, "MOORING_SETTINGS_TOKEN": TOKEN, **environ}
    ledger = cast(Ledger, SimpleNamespace(entries=lambda limit, environment: []))
    return with_settings(report, ledger, Path(), given, lambda seconds: None)


def test_what_is_as_git_says_is_no_drift(content: ReleaseContent, forge: Forge) -> None:
    report = observed(content, forge)
    assert (report.differences, report.certain) == ((), True)


def test_a_weaker_setting_is_drift_with_a_name_and_can_be_tolerated(content: ReleaseContent, forge: Forge) -> None:
    forge.sets[0]["enforcement"] = "disabled"
    report = observed(content, forge)
    (one,) = report.differences
    assert (one.moved, one.field) == (Moved.SETTINGS, "settings-changed:merging.enforcement")
    assert one.sentence == "ruleset 'mooring': enforcement is disabled and should be active (GitHub)"
    assert (report.certain, report.open) == (True, report.differences)
    rule = {"fields": ["settings-changed:merging.*"], "answer": "tolerate", "until": "2027-01-01T00:00:00Z"}
    head = {"apiVersion": "mooring/v1", "kind": "Drift", "name": "drift", "version": "1.0.0", "description": "x"}
    rules: list[Any] = [rule | {"owner": "@acme/desk", "reason": "A migration."}]
    drift = Drift.model_validate(head | {"owner": "@acme/desk", "rules": rules})
    assert answered(report, {"drift": drift}, NOW).open == ()


def test_the_environment_of_another_is_not_its_drift(content: ReleaseContent, forge: Forge) -> None:
    del forge.environments["production"]
    assert [one.field for one in observed(content, forge).differences] == ["settings-changed:environments.production"]
    assert observed(content, forge, "staging").differences == ()


def test_without_a_token_for_it_nothing_is_asked(content: ReleaseContent, forge: Forge) -> None:
    forge.sets[0]["enforcement"] = "disabled"
    asked = len(forge.asked)
    assert observed(content, forge, MOORING_SETTINGS_TOKEN="").differences == ()
    assert len(forge.asked) == asked


def test_what_cannot_be_asked_is_unknown_and_keeps_nothing_else_from_being_answered(
    content: ReleaseContent, forge: Forge
) -> None:
    forge.trouble = [500] * 100
    report = observed(content, forge)
    assert [one.moved for one in report.differences] == [Moved.SETTINGS_UNKNOWN]
    assert (report.certain, report.unknown) == (False, "")
    assert report.data()["in_sync"] is False
