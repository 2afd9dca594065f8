"""What a change of the repository's settings means: less protection is always a weakening."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.change.kinds import repository
from mooring.change.rules import Sides
from mooring.release.content import ReleaseContent
from mooring.spec.document import Document, Part
from mooring.spec.repository import ActionsPolicy, Deploying, Merging, Repository

Edit = Callable[[dict[str, Any]], ReleaseContent]
ENVIRONMENT = "environments.production"
WEAKER: list[tuple[str, Any, Any]] = [
    ("merging.checks", ["ci", "evaluate"], ["ci"]),
    ("merging.upToDate", True, False),
    ("merging.approvals", 2, 1),
    ("merging.codeOwners", True, False),
    ("merging.dismissStale", True, False),
    ("merging.approveLastPush", True, False),
    ("merging.resolveConversations", True, False),
    (f"{ENVIRONMENT}.branches", ["main"], ["main", "release/*"]),
    (f"{ENVIRONMENT}.reviewers", ["@acme/desk"], []),
    (f"{ENVIRONMENT}.selfReview", False, True),
    (f"{ENVIRONMENT}.waitMinutes", 10, 5),
    ("actions.allowed", "local", "selected"),
    ("actions.allowed", "selected", "all"),
    ("actions.githubOwned", False, True),
    ("actions.verified", False, True),
    ("actions.patterns", [], ["acme/sign@*"]),
    ("actions.pinned", True, False),
    ("actions.token", "read", "write"),
    ("actions.createPullRequests", False, True),
    ("actions.forkApproval", "everyone", "first-time"),
    ("actions.forkApproval", "first-time", "new-to-github"),
    ("actions.switchedOff", [], ["patrol"]),
]


def codes(edit: Edit, path: str, before: Any, after: Any) -> list[str]:
    old, new = (edit({f"repositories.github.{path}": side}) for side in (before, after))
    return [change.code for change in diff(new, old)]


@pytest.mark.parametrize(("path", "stronger", "weaker"), WEAKER)
def test_less_protection_is_a_weakening_and_more_is_none(path: str, stronger: Any, weaker: Any, edit: Edit) -> None:
    assert codes(edit, path, stronger, weaker) == ["repository.weakened"]
    assert codes(edit, path, weaker, stronger) == ["repository.changed"]


def test_every_setting_is_weighed() -> None:
    models: dict[str, type[Part]] = {"merging": Merging, "actions": ActionsPolicy, ENVIRONMENT: Deploying}
    known = {
        f"{at}.{field.alias or name}" for at, model in models.items() for name, field in model.model_fields.items()
    }
    assert {path for path, _, _ in WEAKER} == known


def test_every_part_of_the_document_has_a_rule(content: ReleaseContent) -> None:
    data = content.repositories["github"].model_dump(mode="json")
    ruled = {path.partition(".")[0] for path in repository.rules(Sides(data, data, content, content))}
    assert ruled == Repository.model_fields.keys() - Document.model_fields.keys()


def test_other_reviewers_are_neither_more_nor_less(edit: Edit) -> None:
    assert codes(edit, f"{ENVIRONMENT}.reviewers", ["@acme/desk"], ["@acme/other"]) == ["repository.reviewers-changed"]
    assert codes(edit, f"{ENVIRONMENT}.reviewers", ["@a/b", "@c/d"], ["@c/d", "@a/b"]) == ["repository.changed"]


def test_an_environment_that_is_not_protected_any_more_is_a_weakening(edit: Edit) -> None:
    protected = {"branches": ["main"]}
    assert codes(edit, "environments", {"production": protected}, {}) == ["repository.weakened"]
    assert codes(edit, "environments", {}, {"production": protected}) == ["repository.changed"]


def test_names_of_secrets_are_told_apart_by_environment(edit: Edit) -> None:
    one = {"name": "TOKEN", "environment": None, "reason": "To read."}
    assert codes(edit, "secrets", [one], [one | {"environment": "production"}]) == ["repository.changed"] * 2
    assert codes(edit, "secrets", [one], [one | {"reason": "To write."}]) == ["repository.changed"]
