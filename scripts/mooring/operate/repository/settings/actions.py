"""What GitHub Actions may run and do: https://docs.github.com/en/rest/actions/permissions"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from mooring.operate.repository.settings.asking import WRITE, Asking, said
from mooring.operate.repository.settings.setting import Setting, Values
from mooring.spec.repository import ActionsPolicy

PERMISSIONS = "/actions/permissions"
NAMES = {
    "enabled": "enabled",
    "allowed": "allowed_actions",
    "pinned": "sha_pinning_required",
    "githubOwned": "github_owned_allowed",
    "verified": "verified_allowed",
    "patterns": "patterns_allowed",
    "token": "default_workflow_permissions",
    "createPullRequests": "can_approve_pull_request_reviews",
    "forkApproval": "approval_policy",
}
"""Values of ours, and what GitHub calls them."""

WORDS = {
    "local": "local_only",
    "new-to-github": "first_time_contributors_new_to_github",
    "first-time": "first_time_contributors",
    "everyone": "all_external_contributors",
}
"""Words of ours that GitHub says otherwise."""

OURS = {theirs: ours for ours, theirs in WORDS.items()}

RUN = "run_workflows_from_fork_pull_requests"
FORKS = {
    "forkToken": "send_write_tokens_to_workflows",
    "forkSecrets": "send_secrets_and_variables",
    "forkApproval": "require_approval_for_fork_pr_workflows",
}


def settings(policy: ActionsPolicy, *, private: bool) -> Iterator[Setting]:
    """In the order in which they are set: GitHub takes a selection only once selected actions are allowed."""
    actions = {"enabled": True, "allowed": policy.allowed, "pinned": policy.pinned}
    yield Permissions("GitHub Actions", PERMISSIONS, actions)
    if policy.allowed == "selected":
        chosen: dict[str, Any] = {"githubOwned": policy.github_owned, "verified": policy.verified}
        if not private:  # GitHub has patterns for public repositories alone
            chosen["patterns"] = sorted(policy.patterns)
        yield Permissions("selected actions", f"{PERMISSIONS}/selected-actions", chosen)
    token = {"token": policy.token, "createPullRequests": policy.create_pull_requests}
    yield Permissions("the token of workflows", f"{PERMISSIONS}/workflow", token)
    if private:
        yield PrivateForks()
    else:
        forks = {"forkApproval": policy.fork_approval}
        yield Permissions("pull requests of forks", f"{PERMISSIONS}/fork-pr-contributor-approval", forks)


@dataclass(frozen=True)
class Permissions:
    """An address whose values are read and set together."""

    title: str
    address: str
    wanted: Mapping[str, Any]
    path: str = "actions"

    def read(self, asking: Asking) -> Values | None:
        return asking.ask(self._read)

    def _read(self, client: httpx2.Client) -> Values | None:
        response = client.get(self.address)
        if response.status_code == httpx2.codes.CONFLICT:  # no selection as long as others are allowed
            return None
        answered = said(response)
        return {name: _ours(answered.get(NAMES[name])) for name in self.wanted}

    def put(self, asking: Asking) -> None:
        body = {NAMES[name]: _theirs(value) for name, value in self.wanted.items()}
        asking.ask(lambda client: said(client.put(self.address, json=body), WRITE))


@dataclass(frozen=True)
class PrivateForks:
    """Pull requests of forks of a private repository, where they may run workflows at all."""

    title: str = "pull requests of forks"
    path: str = "actions"
    address: str = f"{PERMISSIONS}/fork-pr-workflows-private-repos"

    @property
    def wanted(self) -> Values:
        return {"forkToken": False, "forkSecrets": False, "forkApproval": True}

    def read(self, asking: Asking) -> Values | None:
        answered = asking.ask(lambda client: said(client.get(self.address)))
        return {name: answered[theirs] for name, theirs in FORKS.items()} if answered[RUN] else self.wanted

    def put(self, asking: Asking) -> None:
        body = {RUN: True, **{FORKS[name]: value for name, value in self.wanted.items()}}
        asking.ask(lambda client: said(client.put(self.address, json=body), WRITE))


def _ours(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value)
    return OURS.get(value, value) if isinstance(value, str) else value


def _theirs(value: Any) -> Any:
    return WORDS.get(value, value) if isinstance(value, str) else value
