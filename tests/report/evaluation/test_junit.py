"""JUnit XML that forges read, whatever models said."""

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

from mooring.report.evaluation.junit import junit
from tests.evaluate.behaviour.story import Edit, dropped
from tests.report.evaluation.hostile import hostile


def test_a_dropped_policy_reads_like_this(edit: Edit, golden: Callable[[str, str], None]) -> None:
    golden("evaluation/dropped.xml", junit(dropped(edit)))


def test_numbers_add_up_and_the_verdict_is_a_test(edit: Edit) -> None:
    root = ET.fromstring(junit(dropped(edit, live=True)))
    found = {one.get("name"): (one.get("tests"), one.get("failures"), one.get("errors")) for one in root}
    assert found == {"support/orders": ("8", "0", "0"), "support/refunds": ("4", "2", "0"), "verdict": ("1", "1", "0")}
    assert {float(test.get("time", 0)) > 0 for test in root.iterfind("testsuite/testcase")} == {True, False}


def test_what_passes_now_and_then_is_no_failure_and_says_so(edit: Edit) -> None:
    plan = dropped(edit, live=True)
    case = plan.cases[1]
    flaky = replace(case, blocking=False, head=replace(case.head, passed=(0, 1, 2), failed=(3, 4)))
    root = ET.fromstring(junit(replace(plan, cases=(flaky,))))
    (test,) = root.iterfind("testsuite/testcase[@classname='support/refunds']")
    assert [part.tag for part in test] == ["system-out"]
    assert "passed 3 of 5" in (test[0].text or "")


def test_what_is_in_quarantine_is_skipped_and_what_was_not_judged_an_error(edit: Edit) -> None:
    plan = dropped(edit)
    held = replace(plan.cases[0], quarantine="until 2026-05-01 by @tidewater/support: flickers")
    deaf = replace(plan.cases[1], blocking=False, head=replace(plan.cases[1].head, failed=(), errors=1))
    root = ET.fromstring(junit(replace(plan, cases=(held, deaf))))
    assert [[part.tag for part in test] for test in root.iterfind("testsuite[1]/testcase")] == [
        ["skipped", "system-out"],
        ["error", "system-out"],
    ]


def test_nothing_that_a_model_says_breaks_the_file(edit: Edit) -> None:
    root = ET.fromstring(junit(hostile(dropped(edit))))
    ours = {"testsuites", "testsuite", "testcase", "failure", "skipped", "system-out"}
    assert {one.tag for one in root.iter()} == ours
