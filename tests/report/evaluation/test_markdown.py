"""The comment is short on top, tells what it leaves out, and nothing in it can be anything but text."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mooring.evaluate.behaviour.values import Approval, Behaviour
from mooring.report.evaluation.markdown import comment, marker
from tests.evaluate.behaviour.story import SUITES, Edit, dropped
from tests.report.evaluation.hostile import hostile, huge
from tests.report.reader import OURS, Reader


@pytest.fixture
def easier(edit: Edit) -> Behaviour:
    """A change that drops the policy, and its most important test."""
    refunds = SUITES["support/refunds"]
    plan = dropped(edit, suites=SUITES | {refunds.name: refunds.model_copy(update={"tests": refunds.tests[1:]})})
    return replace(plan, approval=Approval(f"sha256:{'a' * 64}", ("@shop/on-call", "@shop/platform")))


def test_a_dropped_policy_reads_like_this(edit: Edit, golden: Callable[[str, str], None]) -> None:
    golden("evaluation/dropped.md", comment(dropped(edit)))


def test_a_weaker_suite_reads_like_this(easier: Behaviour, golden: Callable[[str, str], None]) -> None:
    golden("evaluation/weaker.md", comment(easier))


def test_live_evidence_reads_like_this(edit: Edit, golden: Callable[[str, str], None]) -> None:
    golden("evaluation/live.md", comment(dropped(edit, live=True)))


def test_verdict_counts_and_evidence_stand_on_top(edit: Edit) -> None:
    top = comment(dropped(edit, live=True)).split("####")[0]
    assert top.startswith(marker("local"))
    assert "local`: fail" in top
    assert "**live evidence**" in top
    assert "12 cases: 1 blocks" in top
    assert "clean cases only exclude drops above" in top


def test_a_partial_run_says_so(edit: Edit) -> None:
    assert "**Partial**" in comment(replace(dropped(edit), complete=False))


def test_it_renders_to_what_we_wrote(edit: Edit, easier: Behaviour) -> None:
    for plan in (dropped(edit), dropped(edit, live=True), easier):
        read = Reader(comment(plan))
        assert set(read.tags) <= OURS
        assert read.open == []


def test_nothing_can_be_injected(edit: Edit, easier: Behaviour) -> None:
    for plan in (dropped(edit), dropped(edit, live=True), easier):
        read = Reader(comment(hostile(plan)))
        assert set(read.tags) <= OURS
        assert read.open == []
        for word in ("@everyone", "evil.example", "7*7", "owned", "# Big", "@tidewater"):
            assert word not in read.prose
        assert "\x1b" not in comment(hostile(plan))


@pytest.mark.parametrize("times", [10, 100, 1000])
def test_it_is_never_longer_than_github_takes_and_says_what_is_left_out(edit: Edit, times: int) -> None:
    text = comment(huge(dropped(edit), times))
    assert len(text) < 60_000
    assert "Evaluation of `local`: fail" in text
    assert len(list(left_out(text))) > 1
    assert Reader(text).open == []


def left_out(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.startswith("…") and " more " in line)


def test_what_is_shown_and_what_is_left_out_are_all_cases(edit: Edit) -> None:
    plan = huge(dropped(edit), 100)
    text = comment(plan)
    table = text.split("| case | state |")[1].split("</details>")[0]
    shown = table.count("\n| `")
    (more,) = left_out(table)
    assert shown + int(more.split()[1].replace(",", "")) == len(plan.cases) == 1200
