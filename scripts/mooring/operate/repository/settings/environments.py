"""Environments of GitHub, with reviewers and branches: https://docs.github.com/en/rest/deployments/environments"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from mooring.errors import Failed
from mooring.operate.repository.settings.asking import READ, WRITE, Asking, found, listed, part, said
from mooring.operate.repository.settings.setting import Values
from mooring.outcome import Reason
from mooring.spec.repository import Deploying

POLICIES, POLICY = "branch_policies", "deployment-branch-policies"
ANY = "any branch"
PROTECTED = "protected branches"


@dataclass(frozen=True)
class ProtectedEnvironment:
    """An environment that a job waits for. Secrets and variables of it stay as they are."""

    name: str
    deploying: Deploying

    @property
    def title(self) -> str:
        return f"environment {self.name!r}"

    @property
    def path(self) -> str:
        return f"environments.{self.name}"

    @property
    def address(self) -> str:
        return f"/environments/{part(self.name)}"

    @property
    def wanted(self) -> Values:
        reviewers = sorted(owner.lower() for owner in self.deploying.reviewers)
        return {
            "branches": sorted(self.deploying.branches),
            "reviewers": reviewers,
            # GitHub keeps it with the reviewers, and has none without them.
            **({"selfReview": self.deploying.self_review} if reviewers else {}),
            "waitMinutes": self.deploying.wait_minutes,
        }

    def read(self, asking: Asking) -> Values | None:
        return asking.ask(lambda client: self._read(client, asking.github.owner))

    def _read(self, client: httpx2.Client, organization: str) -> Values | None:
        environment = found(client.get(self.address), READ)
        if environment is None:
            return None
        rules = {rule["type"]: rule for rule in environment.get("protection_rules", [])}
        review = rules.get("required_reviewers", {})
        return {
            "branches": sorted(self._branches(client, environment.get("deployment_branch_policy"))),
            "reviewers": sorted(_owner(one, organization) for one in review.get("reviewers", [])),
            "selfReview": not review.get("prevent_self_review", False),
            "waitMinutes": rules.get("wait_timer", {}).get("wait_timer", 0),
        }

    def _branches(self, client: httpx2.Client, policy: dict[str, Any] | None) -> Iterator[str]:
        if policy is None:
            yield ANY
        elif not policy["custom_branch_policies"]:
            yield PROTECTED
        else:
            yield from (_branch(one) for one in self._policies(client))

    def _policies(self, client: httpx2.Client) -> list[Any]:
        return listed(client, f"{self.address}/{POLICY}", POLICIES)

    def put(self, asking: Asking) -> None:
        reviewers = [_reviewer(asking, owner) for owner in self.deploying.reviewers]
        body = {
            "wait_timer": self.deploying.wait_minutes,
            "prevent_self_review": bool(reviewers) and not self.deploying.self_review,
            "reviewers": reviewers or None,
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }

        def write(client: httpx2.Client) -> None:
            said(client.put(self.address, json=body), WRITE)
            there = {_branch(one): int(one["id"]) for one in self._policies(client)}
            for branch in sorted(set(self.deploying.branches) - there.keys()):
                said(client.post(f"{self.address}/{POLICY}", json={"name": branch, "type": "branch"}), WRITE)
            for branch in sorted(there.keys() - set(self.deploying.branches)):
                said(client.delete(f"{self.address}/{POLICY}/{there[branch]}"), WRITE)

        asking.ask(write)


def _branch(policy: dict[str, Any]) -> str:
    """The pattern of a policy; one for tags is told apart from a branch of the same name."""
    return str(policy["name"]) if policy.get("type", "branch") == "branch" else f"tag {policy['name']}"


def _owner(one: dict[str, Any], organization: str) -> str:
    reviewer = one["reviewer"]
    name = reviewer["login"] if one["type"] == "User" else f"{organization}/{reviewer['slug']}"
    return f"@{name}".lower()


def _reviewer(asking: Asking, owner: str) -> dict[str, Any]:
    """A team or user as GitHub wants it, by its id. Failed(PROCESS) for one that is not there."""
    name, _, team = owner.removeprefix("@").partition("/")
    if team and name.lower() != asking.github.owner.lower():
        message = f"{owner} cannot review: teams are of {asking.github.owner}, the repository's owner"
        raise Failed(Reason.PROCESS, message, "name another reviewer in the Repository document")
    where = f"/orgs/{part(name)}/teams/{part(team)}" if team else f"/users/{part(name)}"
    permission = "Members: read, of the organization" if team else "Metadata: read"
    answered = asking.ask(lambda client: found(client.get(f"{asking.github.api}{where}"), permission))
    if answered is None:
        fix = f"name another reviewer, or give the token the permission {permission}"
        raise Failed(Reason.PROCESS, f"GitHub knows no {owner}", fix)
    return {"type": "Team" if team else "User", "id": int(answered["id"])}
