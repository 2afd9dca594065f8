"""The ruleset of the default branch: https://docs.github.com/en/rest/repos/rules"""

from dataclasses import dataclass
from typing import Any

import httpx2

from mooring.operate.repository.github import pages
from mooring.operate.repository.settings.asking import READ, WRITE, Asking, said
from mooring.operate.repository.settings.setting import UNSEEN, Values
from mooring.spec.repository import Merging

NAME = "mooring"
"""The one ruleset that is ours; others may demand more, and are left alone."""

DEFAULT = "~DEFAULT_BRANCH"
ACTIONS = "github-actions"
"""The app whose checks count: anybody with a token may report a check of the same name."""

PULL, CHECKS, FORCE, DELETION = "pull_request", "required_status_checks", "non_fast_forward", "deletion"

REVIEWS = {
    "approvals": "required_approving_review_count",
    "codeOwners": "require_code_owner_review",
    "dismissStale": "dismiss_stale_reviews_on_push",
    "approveLastPush": "require_last_push_approval",
    "resolveConversations": "required_review_thread_resolution",
}


@dataclass(frozen=True)
class Ruleset:
    """Protects the default branch as `merging` says."""

    merging: Merging
    title: str = f"ruleset {NAME!r}"
    path: str = "merging"

    @property
    def wanted(self) -> Values:
        asked = self.merging.model_dump(mode="json")
        return {
            "checks": sorted(asked["checks"]),
            "checksBy": [ACTIONS],
            "upToDate": asked["upToDate"],
            **{name: asked[name] for name in REVIEWS},
            "forcePush": "refused",
            "deletion": "refused",
            "bypass": [],
            "enforcement": "active",
            "branches": [DEFAULT],
        }

    def read(self, asking: Asking) -> Values | None:
        app = _app(asking)
        ruleset = asking.ask(_ruleset)
        return None if ruleset is None else _values(ruleset, app)

    def put(self, asking: Asking) -> None:
        app = _app(asking)

        def write(client: httpx2.Client) -> None:
            ruleset = _ruleset(client)
            body = self._body(ruleset or {}, app)
            if ruleset is None:
                said(client.post("/rulesets", json=body), WRITE)
            else:
                said(client.put(f"/rulesets/{int(ruleset['id'])}", json=body), WRITE)

        asking.ask(write)

    def _body(self, ruleset: dict[str, Any], app: int) -> dict[str, Any]:
        """What it should be, with the rules and parameters that are none of ours as they were."""
        others = {rule["type"]: rule for rule in ruleset.get("rules", [])}
        asked = self.merging.model_dump(mode="json")
        reviews = {parameter: asked[name] for name, parameter in REVIEWS.items()}
        checks = [{"context": name, "integration_id": app} for name in asked["checks"]]
        ours: dict[str, dict[str, Any]] = {
            PULL: reviews,
            CHECKS: {"required_status_checks": checks, "strict_required_status_checks_policy": asked["upToDate"]},
        }
        rules = [rule for kind, rule in others.items() if kind not in {*ours, FORCE, DELETION}]
        rules += [{"type": kind} for kind in (DELETION, FORCE)]
        for kind, parameters in ours.items():
            kept = (others.get(kind) or {}).get("parameters") or {}
            rules.append({"type": kind, "parameters": {**kept, **parameters}})
        return {
            "name": NAME,
            "target": "branch",
            "enforcement": "active",
            "bypass_actors": [],
            "conditions": {"ref_name": {"include": [DEFAULT], "exclude": []}},
            "rules": rules,
        }


def _app(asking: Asking) -> int:
    """The id of GitHub Actions, which is another one on each GitHub Enterprise Server."""
    address = f"{asking.github.api}/apps/{ACTIONS}"
    return int(asking.ask(lambda client: said(client.get(address), "Metadata: read"))["id"])


def _ruleset(client: httpx2.Client) -> dict[str, Any] | None:
    ours = (
        one for one in pages(client, "/rulesets", READ, includes_parents="false")
        if one["name"] == NAME and one.get("target", "branch") == "branch"
    )  # fmt: skip
    found = next(ours, None)
    if found is None:
        return None
    whole: dict[str, Any] = said(client.get(f"/rulesets/{int(found['id'])}"))
    return whole


def _values(ruleset: dict[str, Any], app: int) -> Values:
    rules = {rule["type"]: rule.get("parameters") or {} for rule in ruleset.get("rules", [])}
    checks, reviews = rules.get(CHECKS, {}), rules.get(PULL, {})
    required = checks.get("required_status_checks", [])
    by = {check.get("integration_id") for check in required}
    names = (ruleset.get("conditions") or {}).get("ref_name") or {}
    excluded = [f"not {branch}" for branch in names.get("exclude", [])]
    bypass = ruleset.get("bypass_actors", UNSEEN)
    if bypass is not UNSEEN:
        bypass = [f"{actor['actor_type']} {actor.get('actor_id') or ''}".strip() for actor in bypass]
    return {
        "checks": sorted(check["context"] for check in required),
        "checksBy": sorted(ACTIONS if one == app else f"app {one}" if one else "anybody" for one in by),
        "upToDate": checks.get("strict_required_status_checks_policy"),
        **{name: reviews.get(parameter) for name, parameter in REVIEWS.items()},
        "forcePush": "refused" if FORCE in rules else "allowed",
        "deletion": "refused" if DELETION in rules else "allowed",
        "bypass": bypass,
        "enforcement": ruleset["enforcement"],
        "branches": names.get("include", []) + excluded,
    }
