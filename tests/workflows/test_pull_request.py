"""A pull request is checked with nothing but read access, and told what came of it by comments that are kept up."""

import pytest

from tests.workflows.act import Run
from tests.workflows.hub import Hub, change_tone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GREEN = {"changes": "success", "plan/staging": "success", "plan/production": "success", "ci": "success"}


def checked(hub: Hub, workflow: str, number: int) -> Run:
    """A run for a pull request and the one that comments on it, both of which are green."""
    run = hub.on_pull_request(workflow, number)
    told = hub.on_completed(run, number)
    assert told.passed, told.printed
    return run


def test_each_check_has_a_comment_that_later_pushes_update(here: Hub) -> None:
    change_tone(here, "Be kind.")
    number = here.open("kinder")
    validated = checked(here, "validate", number)
    assert (validated.jobs, validated.passed) == (GREEN, True), validated.printed
    assert checked(here, "evaluate", number).passed
    assert checked(here, "drill", number).passed
    plans, evaluation, drill = here.api.said_on(number)
    assert "### production" in plans
    assert "### staging" in plans
    assert "Be kind." in plans
    assert "4 cases: 4 pass as before" in evaluation
    assert "simulated trace outage" in drill

    change_tone(here, "Be kinder.")
    here.update(number)
    assert checked(here, "validate", number).passed
    assert checked(here, "evaluate", number).passed
    plans, evaluation, unchanged = here.api.said_on(number)
    assert "Be kinder." in plans
    assert here.pull(number)["head"]["sha"][:12] in plans
    assert "Be kinder." in evaluation
    assert unchanged == drill


def test_a_change_that_breaks_an_answer_is_refused_and_the_comment_says_which(here: Hub) -> None:
    here.clone.edit("prompts/shared/refund-policy.yaml", "30 days", "90 days")
    here.committed("generous")
    number = here.open("generous")
    assert not checked(here, "evaluate", number).passed
    (said,) = here.api.said_on(number)
    assert "support/smoke/" in said


def test_code_is_tested_and_a_document_that_is_wrong_fails_the_one_required_check(here: Hub) -> None:
    (here.clone.root / "scripts/test").write_text("#!/bin/sh\necho they fail; exit 1\n")
    here.clone.edit("configs/agents/support.yaml", "kind: Agent", "kind: Spy")
    here.clone.commit("both")
    number = here.open("both")
    run = checked(here, "validate", number)
    assert run.jobs == {**dict.fromkeys(GREEN, "failure"), "changes": "success", "test": "failure"}
    assert "they fail" in run.of("test")
    assert "configs/agents/support.yaml" in run.of("plan/staging")
