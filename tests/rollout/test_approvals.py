"""A plan goes out once enough others have approved exactly it, on each engine."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Refused, UsageError
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import approvals, driver, logbook
from mooring.rollout.approvals import approve, demand, the_plan, waiting
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location
from mooring.state.records.approvals import Asked

Make = Callable[..., Release]
PLAN, OTHER = f"sha256:{'ab' * 32}", f"sha256:{'cd' * 32}"


@pytest.fixture
def location(everywhere: Location) -> Location:
    return everywhere


def asked(plan: str = PLAN, needed: int = 2, base: str | None = None, digest: str = "sha256:new") -> Asked:
    said = {"needed": needed, "base": base, "risk": 4, "changes": ["one"], "count": 1, "commit": None}
    return Asked(plan, digest, 0.0, "ann", said)


def test_a_plan_waits_until_enough_others_approved_it(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="plan abababababab for local needs 2 approvals of others and has 0") as refused:
        demand(ledger, "local", asked(), {"ann"})
    assert refused.value.reason is Reason.GUARDED
    assert "/deploy approve abababababab in local" in refused.value.fix
    assert approve(ledger, "local", PLAN, "bob", "slack")[0]
    with pytest.raises(Refused, match=r"has 1 \(bob\)"):
        demand(ledger, "local", asked(), {"ann"})
    first, found = approve(ledger, "local", PLAN, "cem", "feishu")
    assert (first, found.enough) == (True, True)
    assert [(one.person, one.platform) for one in demand(ledger, "local", asked(), {"ann"})] == [
        ("bob", "slack"),
        ("cem", "feishu"),
    ]


def test_who_deploys_does_not_approve_by_whatever_name(ledger: Ledger) -> None:
    with pytest.raises(Refused):
        demand(ledger, "local", asked(needed=1), {"ann"})
    approve(ledger, "local", PLAN, "bob", "slack")
    with pytest.raises(Refused, match="has 0"):
        demand(ledger, "local", asked(needed=1), {"bob-login", "bob"})
    assert demand(ledger, "local", asked(needed=1), {"ann"})


def test_the_second_press_of_one_person_and_one_that_is_too_late_change_nothing(ledger: Ledger) -> None:
    with pytest.raises(Refused):
        demand(ledger, "local", asked(needed=2), set())
    assert approve(ledger, "local", PLAN, "bob", "slack")[0]
    again, found = approve(ledger, "local", PLAN, "bob", "discord")
    assert (again, [(one.person, one.platform) for one in found.given]) == (False, [("bob", "slack")])
    approve(ledger, "local", PLAN, "cem", "slack")
    late, found = approve(ledger, "local", PLAN, "dea", "slack")
    assert (late, [one.person for one in found.given]) == (False, ["bob", "cem"])


def test_an_approval_is_of_one_plan_and_not_of_another(ledger: Ledger) -> None:
    for plan in (PLAN, OTHER):
        with pytest.raises(Refused):
            demand(ledger, "local", asked(plan, needed=1), set())
    approve(ledger, "local", PLAN, "bob", "slack")
    with pytest.raises(Refused, match=r"plan cdcdcdcdcdcd .* has 0"):
        demand(ledger, "local", asked(OTHER, needed=1), set())
    with pytest.raises(UsageError, match="several plans wait: "):
        the_plan(ledger, "local", None)
    assert the_plan(ledger, "local", "cdcdcd").asked.plan == OTHER
    with pytest.raises(UsageError, match="no plan ffffff waits for an approval in local; there are "):
        the_plan(ledger, "local", "ffffff")


def test_a_plan_is_void_once_something_else_is_live_and_the_ledger_keeps_who_approved(
    target: Any, ledger: Ledger, clock: Any, release: Make
) -> None:
    new, approved = release(1), ("bob@slack", "cem@feishu")
    with pytest.raises(Refused):
        demand(ledger, "local", asked(digest=new.digest), set())
    assert [one.asked.plan for one in waiting(ledger, "local")] == [PLAN]
    driver.deploy(target, ledger, driver.Request(new, "ann", plan=PLAN, approved=approved), lambda _: None, clock)
    assert waiting(ledger, "local") == []
    with pytest.raises(Refused, match="plan abababababab is void") as refused:
        approve(ledger, "local", PLAN, "dea", "slack")
    assert refused.value.reason is Reason.PLAN_MISMATCH
    [record] = logbook.records(reversed(ledger.entries(20)))
    assert record.approved == approved


def test_old_requests_are_forgotten_with_their_approvals(ledger: Ledger, clock: Any) -> None:
    with pytest.raises(Refused):
        demand(ledger, "local", asked(needed=1), set())
    approve(ledger, "local", PLAN, "bob", "slack")
    clock.sleep(approvals.KEEP + 1)
    with pytest.raises(Refused):
        demand(ledger, "local", asked(OTHER, needed=1), set())
    assert [one.asked.plan for one in waiting(ledger, "local")] == [OTHER]
    with pytest.raises(Refused, match="has 0"):
        demand(ledger, "local", asked(needed=1), set())
