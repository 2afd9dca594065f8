"""Settings of the repository: a bare one becomes a protected one, and stays one."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.operate.repository.settings.all import Looked, look, put
from mooring.operate.repository.settings.asking import Asking
from mooring.spec import Repository
from tests.operate.repository.settings.forge import APP, DENIED, Forge

UPGRADE = "take a plan of GitHub that offers it, or make the repository public; without it nothing is protected"


def differing(document: Repository, asking: Asking) -> list[str]:
    return [difference.text for one in look(document, asking) for difference in one.differences]


@pytest.mark.slow
def test_a_bare_repository_is_set_and_there_is_nothing_to_set_the_second_time(
    forge: Forge, asking: Asking, document: Repository
) -> None:
    assert differing(document, asking) == [
        "ruleset 'mooring': there is none",
        "GitHub Actions: allowed is all and should be selected",
        "GitHub Actions: pinned is false and should be true",
        "selected actions: there is none",
        "the token of workflows: token is write and should be read",
        "the token of workflows: createPullRequests is false and should be true",
        "pull requests of forks: forkApproval is first-time and should be everyone",
        "environment 'eu/production': there is none",
        "environment 'staging': there is none",
    ]
    assert [one.failed for one in put(list(look(document, asking)), asking)] == [""] * 7
    changes = len(forge.changes)
    assert differing(document, asking) == []
    assert list(put(list(look(document, asking)), asking)) == []
    assert len(forge.changes) == changes


def test_what_was_set_is_what_github_protects_with(forge: Forge, asking: Asking, document: Repository) -> None:
    list(put(list(look(document, asking)), asking))
    (ruleset,) = forge.sets
    rules = {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]}
    assert (ruleset["enforcement"], ruleset["bypass_actors"]) == ("active", [])
    assert ruleset["conditions"]["ref_name"] == {"include": ["~DEFAULT_BRANCH"], "exclude": []}
    assert set(rules) == {"deletion", "non_fast_forward", "pull_request", "required_status_checks"}
    assert rules["required_status_checks"]["required_status_checks"] == [
        {"context": "ci", "integration_id": APP},
        {"context": "evaluate", "integration_id": APP},
    ]
    assert rules["pull_request"]["require_code_owner_review"] is True
    production = forge.environments["eu/production"]
    assert production["reviewers"] == [{"type": "Team", "id": 71}, {"type": "User", "id": 11}]
    assert (production["prevent_self_review"], production["wait_timer"]) == (True, 5)
    assert [one["name"] for one in forge.policies["eu/production"]] == ["main"]
    assert forge.forks == {"approval_policy": "all_external_contributors"}
    assert forge.selected["patterns_allowed"] == ["acme/sign@*"]


def loosen_checks(forge: Forge) -> None:
    for rule in forge.sets[0]["rules"]:
        if rule["type"] == "required_status_checks":
            rule["parameters"]["required_status_checks"] = [{"context": "ci"}]


MOVED: list[tuple[Callable[[Forge], Any], list[str]]] = [
    (
        loosen_checks,
        [
            "ruleset 'mooring': checks is ci and should be ci, evaluate",
            "ruleset 'mooring': checksBy is anybody and should be github-actions",
        ],
    ),
    (
        lambda forge: forge.sets[0].update(enforcement="disabled"),
        ["ruleset 'mooring': enforcement is disabled and should be active"],
    ),
    (
        lambda forge: forge.sets[0].update(
            bypass_actors=[{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
        ),
        ["ruleset 'mooring': bypass is RepositoryRole 5 and should be nothing"],
    ),
    (
        lambda forge: forge.sets[0]["conditions"]["ref_name"]["exclude"].append("refs/heads/main"),
        ["ruleset 'mooring': branches is ~DEFAULT_BRANCH, not refs/heads/main and should be ~DEFAULT_BRANCH"],
    ),
    (
        lambda forge: forge.sets[0]["rules"].remove({"type": "non_fast_forward"}),
        ["ruleset 'mooring': forcePush is allowed and should be refused"],
    ),
    (
        lambda forge: forge.environments["eu/production"].update(reviewers=[{"type": "User", "id": 11}]),
        ["environment 'eu/production': reviewers is @ann and should be @acme/desk, @ann"],
    ),
    (
        lambda forge: forge.environments["staging"].update(deployment_branch_policy=None),
        ["environment 'staging': branches is any branch and should be main"],
    ),
    (
        lambda forge: forge.policies["staging"].append({"id": 99, "name": "*", "type": "branch"}),
        ["environment 'staging': branches is *, main and should be main"],
    ),
    (
        lambda forge: forge.policies["staging"].append({"id": 99, "name": "main", "type": "tag"}),
        ["environment 'staging': branches is main, tag main and should be main"],
    ),
    (
        lambda forge: forge.selected["patterns_allowed"].append("*/*"),
        ["selected actions: patterns is */*, acme/sign@* and should be acme/sign@*"],
    ),
    (
        lambda forge: forge.permissions.update(enabled=False),
        ["GitHub Actions: enabled is false and should be true"],
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("move", "said"), MOVED, ids=[said[0].split(" and ")[0] for _, said in MOVED])
def test_what_somebody_changes_is_told_and_set_back(
    move: Callable[[Forge], Any], said: list[str], forge: Forge, asking: Asking, document: Repository
) -> None:
    list(put(list(look(document, asking)), asking))
    move(forge)
    assert differing(document, asking) == said
    assert [one.failed for one in put(list(look(document, asking)), asking)] == [""]
    assert differing(document, asking) == []


@pytest.mark.slow
def test_rules_and_parameters_that_are_none_of_ours_stay(forge: Forge, asking: Asking, document: Repository) -> None:
    list(put(list(look(document, asking)), asking))
    for rule in forge.sets[0]["rules"]:
        if rule["type"] == "pull_request":
            rule["parameters"]["allowed_merge_methods"] = ["squash"]
    forge.sets[0]["rules"] += [{"type": "required_signatures"}]
    forge.sets[0]["enforcement"] = "evaluate"
    list(put(list(look(document, asking)), asking))
    rules = {rule["type"]: rule.get("parameters") for rule in forge.sets[0]["rules"]}
    assert "required_signatures" in rules
    assert rules["pull_request"]["allowed_merge_methods"] == ["squash"]


def test_what_is_refused_is_named_and_the_rest_is_set(forge: Forge, asking: Asking, document: Repository) -> None:
    forge.denied = {("PUT", "actions/permissions/workflow")}
    forge.unprocessable = {"environments/staging": "Upgrade your plan to protect environments"}
    del forge.teams["desk"]
    done = {one.setting.title: (one.failed, one.fix) for one in put(list(look(document, asking)), asking)}
    assert done.pop("the token of workflows") == (
        f"GitHub refused a PUT: HTTP 403, {DENIED}",
        "give the token the permission Administration: read and write",
    )
    assert done.pop("environment 'staging'") == (
        "GitHub refused a PUT: HTTP 422, Upgrade your plan to protect environments",
        UPGRADE,
    )  # fmt: skip
    assert done.pop("environment 'eu/production'")[0] == "GitHub knows no @Acme/desk"
    assert set(done.values()) == {("", "")}
    assert set(done) == {"ruleset 'mooring'", "GitHub Actions", "selected actions", "pull requests of forks"}


def test_a_team_of_another_organization_cannot_review(forge: Forge, asking: Asking, document: Repository) -> None:
    forge.repository = "other/agents"
    other = Asking(forge.github, pause=lambda seconds: None)
    done = {one.setting.title: one.failed for one in put(list(look(document, other)), other)}
    assert done["environment 'eu/production'"].startswith("@Acme/desk cannot review: teams are of other")


@pytest.mark.slow
def test_what_the_token_does_not_see_is_unknown_and_not_right(
    forge: Forge, asking: Asking, document: Repository
) -> None:
    list(put(list(look(document, asking)), asking))
    forge.hides_bypass = True
    forge.denied = {("GET", "actions/permissions")}
    unknown = [(one.setting.title, one.unknown) for one in look(document, asking) if one.unknown]
    assert unknown[0] == ("ruleset 'mooring'", "GitHub does not show bypass to this token")
    assert unknown[1] == ("GitHub Actions", f"GitHub refused a GET: HTTP 403, {DENIED}")
    assert len(unknown) == 5
    assert differing(document, asking) == []


@pytest.mark.slow
def test_a_private_repository_is_asked_about_its_own_forks(forge: Forge, asking: Asking, document: Repository) -> None:
    forge.private = True
    assert [text for text in differing(document, asking) if text.startswith("pull requests of forks")] == [
        "pull requests of forks: forkToken is true and should be false",
        "pull requests of forks: forkSecrets is true and should be false",
        "pull requests of forks: forkApproval is false and should be true",
    ]
    assert {one.failed for one in put(list(look(document, asking)), asking)} == {""}
    assert differing(document, asking) == []
    forge.private_forks |= {"run_workflows_from_fork_pull_requests": False, "send_secrets_and_variables": True}
    assert differing(document, asking) == []


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [[502, 500], [429], ["lost"]])
def test_passing_troubles_are_waited_out(
    trouble: list[int | str], forge: Forge, asking: Asking, document: Repository
) -> None:
    found = list(look(document, asking))
    forge.trouble = list(trouble)
    assert {one.failed for one in put(found, asking)} == {""}
    assert len(forge.sets) == 1
    assert differing(document, asking) == []


def test_where_github_stays_away_each_setting_says_so_and_nobody_waits_for_each(
    forge: Forge, asking: Asking, document: Repository
) -> None:
    found: list[Looked] = list(look(document, asking))
    forge.trouble = [503] * 1000
    asked = len(forge.asked)
    done = list(put(found, asking))
    assert len(forge.asked) - asked == 4
    assert {one.failed for one in done} == {f"GitHub cannot be reached at {forge.url}, tried 4 times: HTTP 503"}
    with pytest.raises(Failed, match="cannot be reached"):
        asking.ask(lambda client: None)
