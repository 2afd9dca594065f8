"""A stand-in for GitHub's REST API on loopback: the settings of one repository, which begin as GitHub makes them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.operate.repository.standin import Answer, Query, StandIn

APP = 15368
TEAMS = {"desk": 71, "platform": 72, "on-call": 73}
USERS = {"ann": 11}
DENIED = "Resource not accessible by personal access token"
STAMP = "2026-01-01T00:00:00Z"


class Forge(StandIn):
    """`teams` and `users` are ids by name; `denied` are (method, beginning of a path) that the token may not do.

    `hides_bypass`: who may bypass a ruleset is shown only to those who may change it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.private = False
        self.teams, self.users = dict(TEAMS), dict(USERS)
        self.denied: set[tuple[str, str]] = set()
        self.unprocessable: dict[str, str] = {}
        self.hides_bypass = False
        self.rulesets: dict[int, dict[str, Any]] = {}
        self.environments: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, list[dict[str, Any]]] = {}
        self.permissions: dict[str, Any] = {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}
        self.selected: dict[str, Any] = {
            "github_owned_allowed": False, "verified_allowed": False, "patterns_allowed": [],
        }  # fmt: skip
        self.token: dict[str, Any] = {
            "default_workflow_permissions": "write", "can_approve_pull_request_reviews": False,
        }  # fmt: skip
        self.forks: dict[str, Any] = {"approval_policy": "first_time_contributors"}
        self.private_forks = {
            "run_workflows_from_fork_pull_requests": True,
            "send_write_tokens_to_workflows": True,
            "send_secrets_and_variables": True,
            "require_approval_for_fork_pr_workflows": False,
        }
        self.runners: list[dict[str, Any]] = []
        self.workflows: list[dict[str, Any]] = []
        self.runs: dict[str, list[dict[str, Any]]] = {}
        self.secrets: dict[str, list[str]] = {"": [], "organization": []}
        self.owner_errors: list[dict[str, Any]] = []
        self._ids = iter(range(1, 10_000))

    @property
    def changes(self) -> list[str]:
        """Requests that were not only questions."""
        return [asked for asked in self.asked if not asked.startswith("GET ")]

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        whole = "/".join(path)
        if any(method == verb and whole.startswith(start) for verb, start in self.denied):
            return 403, {"message": DENIED}
        if method == "PUT" and whole in self.unprocessable:
            return 422, {"message": self.unprocessable[whole]}
        match path:
            case []:
                return 200, {"private": self.private, "default_branch": "main"}
            case ["apps", "github-actions"]:
                return 200, {"id": APP}
            case ["orgs", organization, "teams", name] if organization.lower() == self.repository.partition("/")[0]:
                return (200, {"id": self.teams[name], "slug": name}) if name in self.teams else (404, {})
            case ["users", name]:
                return (200, {"id": self.users[name], "login": name}) if name in self.users else (404, {})
            case ["rulesets", *which]:
                return self._rulesets(method, which, query, sent)
            case ["environments", name, *rest]:
                return self._environments(method, unquote(name), rest, query, sent)
            case ["actions", "permissions", *which]:
                return self._permissions(method, "/".join(which), sent)
        return self._listings(path, query)

    def _rulesets(self, method: str, which: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        if method == "GET" and not which:
            assert query["includes_parents"] == ["false"]
            listed = [{key: one[key] for key in ("id", "name", "target", "source", "enforcement")} for one in self.sets]
            return 200, listed if query["page"] == ["1"] else []
        number = int(which[0]) if which else next(self._ids)
        if method != "GET":
            self.rulesets[number] = {**sent, "id": number, "source": self.repository}
        hidden = {"bypass_actors"} if self.hides_bypass else set()
        return 201 if method == "POST" else 200, {k: v for k, v in self.rulesets[number].items() if k not in hidden}

    @property
    def sets(self) -> list[dict[str, Any]]:
        return list(self.rulesets.values())

    def _environments(self, method: str, name: str, rest: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        match method, rest:
            case "GET", ["secrets"]:
                return 200, paged("secrets", [{"name": one} for one in self.secrets.get(name, [])], query)
            case "PUT", []:
                self.environments[name] = sent
                self.policies.setdefault(name, [])
                return 200, self._environment(name)
            case "GET", []:
                return (200, self._environment(name)) if name in self.environments else (404, {"message": "Not Found"})
            case "GET", ["deployment-branch-policies"]:
                return 200, paged("branch_policies", self.policies[name], query)
            case "POST", ["deployment-branch-policies"]:
                self.policies[name].append({**sent, "id": next(self._ids)})
                return 200, self.policies[name][-1]
            case "DELETE", ["deployment-branch-policies", number]:
                self.policies[name] = [one for one in self.policies[name] if one["id"] != int(number)]
                return 204, None
        return 404, {}

    def _environment(self, name: str) -> dict[str, Any]:
        sent, rules = self.environments[name], list[dict[str, Any]]()
        if sent.get("wait_timer"):
            rules.append({"id": 1, "node_id": "1", "type": "wait_timer", "wait_timer": sent["wait_timer"]})
        if sent.get("reviewers"):
            reviewers = [{"type": one["type"], "reviewer": self._person(one)} for one in sent["reviewers"]]
            prevented = sent.get("prevent_self_review", False)
            rules.append(
                {"id": 2, "node_id": "2", "type": "required_reviewers", "prevent_self_review": prevented}
                | {"reviewers": reviewers}
            )
        policy = sent.get("deployment_branch_policy")
        return {"id": 1, "name": name, "protection_rules": rules, "deployment_branch_policy": policy}

    def _person(self, one: dict[str, Any]) -> dict[str, Any]:
        known, key = (self.users, "login") if one["type"] == "User" else (self.teams, "slug")
        (name,) = (name for name, number in known.items() if number == one["id"])
        return {"id": one["id"], key: name}

    def _permissions(self, method: str, which: str, sent: dict[str, Any]) -> Answer:
        places: dict[str, dict[str, Any]] = {
            "": self.permissions,
            "selected-actions": self.selected,
            "workflow": self.token,
            "fork-pr-contributor-approval": self.forks,
            "fork-pr-workflows-private-repos": self.private_forks,
        }
        if which == "selected-actions" and self.permissions["allowed_actions"] != "selected":
            return 409, {"message": "Conflict"}
        if self.private is (which == "fork-pr-contributor-approval") and which.startswith("fork-"):
            return 422, {"message": "not for this visibility"}
        if method == "GET":
            return 200, places[which]
        places[which] |= sent
        return 204, None

    def _listings(self, path: list[str], query: Query) -> Answer:
        match path:
            case ["actions", "runners"]:
                return 200, paged("runners", self.runners, query)
            case ["actions", "workflows"]:
                return 200, paged("workflows", self.workflows, query)
            case ["actions", "workflows", file, "runs"]:
                assert query["event"] == ["schedule"]
                return 200, paged("workflow_runs", self.runs.get(file, []), query)
            case ["actions", "secrets"]:
                return 200, paged("secrets", [{"name": one} for one in self.secrets[""]], query)
            case ["actions", "organization-secrets"]:
                return 200, paged("secrets", [{"name": one} for one in self.secrets["organization"]], query)
            case ["codeowners", "errors"]:
                return 200, {"errors": self.owner_errors}
        return 404, {}

    def add_runner(self, name: str, status: str, *labels: str) -> None:
        marked = [{"name": label} for label in labels]
        self.runners.append({"id": len(self.runners), "name": name, "os": "linux", "status": status, "labels": marked})

    def add_workflow(self, name: str, state: str = "active", created: str = STAMP) -> None:
        self.workflows.append({"path": f".github/workflows/{name}.yml", "state": state, "created_at": created})


def paged(key: str, entries: list[dict[str, Any]], query: Query) -> dict[str, Any]:
    size, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
    return {"total_count": len(entries), key: entries[(page - 1) * size : page * size]}


Alter = Callable[[Forge], None]
