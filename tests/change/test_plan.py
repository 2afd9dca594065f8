"""A plan names what was reviewed; guards refuse it unless an override counts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mooring.change.plan import Plan, make_plan
from mooring.errors import UsageError
from mooring.release.canonical import canonical, digest
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.spec import Override

Edit = Callable[[dict[str, Any]], ReleaseContent]
Planned = Callable[..., Plan]

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
APPROVAL = {"tools.shop/refund-order.approval": "none"}
BROKEN = {
    **APPROVAL,
    "environment.endpoints": "real",
    "agents.support.prompt": "other",
    "agents.support.models.L1": None,
}
MAX_RISK, AT_MOST = "guards.guards.maxRisk", "guards.guards.guards.0.atMost"


@pytest.fixture
def planned(edit: Edit) -> Planned:
    def make(after: dict[str, Any], *overrides: Override, before: dict[str, Any] | None = None) -> Plan:
        return make_plan(Release.of(edit(after)), Release.of(edit(before or {})), overrides, NOW)

    return make


def override(plan: Plan, /, **values: Any) -> Override:
    return Override.model_validate(
        {
            "apiVersion": "mooring/v1",
            "kind": "Override",
            "name": "agreed",
            "version": "1.0.0",
            "description": "Agreed.",
            "owner": "@tidewater/platform",
            "plan": plan.digest,
            "guards": ["people-approve"],
            "reason": "Refunds below ten dollars.",
            "expires": NOW + timedelta(days=1),
            **values,
        }
    )


def refused(plan: Plan) -> list[str]:
    return [refusal.guard for refusal in plan.refusals]


def test_the_same_releases_make_the_same_plan(planned: Planned) -> None:
    assert planned(APPROVAL) == planned(APPROVAL)
    assert planned(APPROVAL).digest != planned(BROKEN).digest


def test_the_digest_covers_environment_releases_and_changes(planned: Planned, content: ReleaseContent) -> None:
    plan = planned(APPROVAL)
    reviewed = {
        "environment": "local",
        "desired": plan.desired,
        "live": Release.of(content).digest,
        "changes": [change.data() for change in plan.changes],
    }
    assert plan.digest == digest(canonical(reviewed))


def test_overrides_and_time_do_not_change_the_digest(planned: Planned) -> None:
    plan = planned(APPROVAL)
    assert planned(APPROVAL, override(plan)).digest == plan.digest


def test_the_data_form_is_json(planned: Planned) -> None:
    data = planned(APPROVAL).data()
    assert json.loads(json.dumps(data)) == data
    assert data["refusals"][0]["guard"] == "people-approve"
    assert data["changes"][0]["text"] == "tool shop/refund-order: no longer waits for human approval"


def test_the_release_that_runs_is_in_sync_and_refused_by_nothing(planned: Planned) -> None:
    plan = planned({})
    assert plan.in_sync
    assert plan.changes == ()
    assert not plan.verdict.unsafe


def test_releases_of_two_environments_have_no_plan(planned: Planned) -> None:
    with pytest.raises(UsageError, match="a release of local cannot be compared with one of staging"):
        planned({"environment.name": "staging"})


def test_the_same_content_in_other_bytes_is_a_change_without_risk(content: ReleaseContent) -> None:
    older = content.model_dump(mode="json")
    del older["resilience"]["standard"]["onDisconnect"]
    plan = make_plan(Release.of(content), Release.from_bytes(canonical(older)), (), NOW)
    assert not plan.in_sync
    assert [(change.code, change.risk) for change in plan.changes] == [("document.metadata", 0)]


def test_a_guard_refuses_more_than_its_limit_and_says_which_changes(planned: Planned) -> None:
    (refusal,) = planned(APPROVAL).refusals
    assert (refusal.guard, refusal.found, refusal.limit) == ("people-approve", 1, 0)
    assert refusal.changes == ("tool shop/refund-order: no longer waits for human approval",)
    assert "A call that waited for a person would go through by itself." in str(refusal)


def test_a_guard_lets_its_limit_pass(planned: Planned) -> None:
    once = {"agents.support.limits.maxModelCalls": 9}
    assert refused(planned(once)) == []
    assert refused(planned({**once, "agents.support.limits.maxToolCalls": 99})) == ["budgets"]


def test_the_sum_of_risks_is_limited(planned: Planned) -> None:
    plan = planned(BROKEN)
    (limit, _) = plan.refusals
    assert refused(plan) == ["max-risk", "people-approve"]
    assert (limit.found, limit.limit, plan.verdict.limit) == (plan.verdict.risk, 20, 20)


def test_a_first_deployment_has_no_limit_on_risk(content: ReleaseContent, edit: Edit) -> None:
    plan = make_plan(Release.of(edit({MAX_RISK: 1})), None, (), NOW)
    assert plan.verdict.risk > 1
    assert plan.verdict.limit is None
    assert plan.refusals == ()


def test_a_named_guard_judges_a_first_deployment_too(edit: Edit) -> None:
    watched = edit({"guards.guards.guards.0.meanings": ["tool.added"]})
    assert refused(make_plan(Release.of(watched), None, (), NOW)) == ["people-approve"]


def test_a_change_cannot_loosen_the_guard_that_judges_it(planned: Planned) -> None:
    loosened = {**BROKEN, MAX_RISK: 1000, AT_MOST: 9, "guards.guards.overrideOwners": ["@tidewater/other"]}
    plan = planned(loosened)
    assert refused(plan) == ["max-risk", "people-approve"]
    assert all(refusal.owners == ("@tidewater/platform",) for refusal in plan.refusals)


def test_a_guard_that_a_change_takes_away_judges_it(planned: Planned, edit: Edit) -> None:
    other = {**edit({}).guards["guards"].model_dump(mode="json"), "name": "other"}
    other["guards"] = other["guards"][1:]
    assert "people-approve" in refused(planned({**APPROVAL, "guards": {"other": other}}))


def test_a_stricter_guard_judges_the_change_that_brings_it(planned: Planned) -> None:
    plan = planned({**APPROVAL, MAX_RISK: 5})
    assert refused(plan) == ["people-approve", "max-risk"]
    assert plan.refusals[1].limit == 5


def test_a_release_without_guards_is_refused_whatever_overrides_say(planned: Planned) -> None:
    plan = planned({"guards": {}}, before={"guards": {}, **APPROVAL})
    assert refused(plan) == ["guards-valid"]
    again = planned({"guards": {}}, override(plan, guards=["guards-valid"]), before={"guards": {}, **APPROVAL})
    assert refused(again) == ["guards-valid"]
    assert "nothing overrides this" in str(again.refusals[0])


def test_a_guard_that_watches_for_what_does_not_exist_is_refused(planned: Planned) -> None:
    plan = planned({"guards.guards.guards.0.meanings": ["tool.lost-aproval"]})
    assert "guards-valid" in refused(plan)
    assert "people-approve in guards watches tool.lost-aproval, which no change means" in str(plan.refusals[0])


def test_an_override_that_counts_lets_its_guards_pass_and_no_other(planned: Planned) -> None:
    plan = planned(BROKEN)
    passed = planned(BROKEN, override(plan))
    assert refused(passed) == ["max-risk"]
    assert passed.verdict.used == ("agreed",)
    assert refused(planned(BROKEN, override(plan, guards=["people-approve", "max-risk"]))) == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"plan": f"sha256:{'0' * 64}"}, f"it is for plan sha256:{'0' * 64}, this one is "),
        ({"expires": NOW}, "it expired at 2030-01-01T12:00:00+00:00"),
        ({"expires": datetime(2029, 12, 31)}, "it expired at 2029-12-31T00:00:00+00:00"),  # noqa: DTZ001
        ({"owner": "@tidewater/support"}, "its owner @tidewater/support is none of @tidewater/platform"),
    ],
    ids=["another plan", "expired", "expired without a zone", "not an owner"],
)
def test_a_refusal_says_why_an_override_does_not_count(values: dict[str, Any], why: str, planned: Planned) -> None:
    plan = planned(APPROVAL)
    again = planned(APPROVAL, override(plan, **values))
    (refusal,) = again.refusals
    assert refusal.ignored[0].startswith(f"override agreed does not count: {why}")
    assert again.verdict.used == ()


def test_an_override_of_another_guard_does_not_count(planned: Planned) -> None:
    plan = planned(APPROVAL)
    assert refused(planned(APPROVAL, override(plan, guards=["max-risk"]))) == ["people-approve"]


def test_one_override_that_counts_is_enough(planned: Planned) -> None:
    plan = planned(APPROVAL)
    expired = override(plan, name="late", expires=NOW - timedelta(days=1))
    assert refused(planned(APPROVAL, expired, override(plan))) == []
