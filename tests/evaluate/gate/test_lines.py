"""What a person reads, and what the numbers do not exclude."""

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.verdict import Verdict
from tests.evaluate.gate.sample import asked, by_name, named, suite


def verdict(number: int, worse: int = 0) -> Verdict:
    asking = suite(cases=named(number))
    did = dict.fromkeys(named(number), "11111")
    head = did | dict.fromkeys(named(worse), "11110")
    return decide(compare(asked(asking, did), asked(asking, head), by_name(asking)))


def test_thirty_clean_cases_say_how_little_they_exclude_and_how_many_to_add() -> None:
    lines = verdict(30).lines
    assert lines[0] == "pass: 30 cases x 5 repeats, live evidence"
    assert lines[-2:] == (
        "30 clean cases only exclude drops above 9.5 points",
        "cases to add: 29 more clean ones would exclude drops above 5 points",
    )


def test_enough_cases_need_no_more() -> None:
    assert verdict(59).lines[-1] == "59 clean cases only exclude drops above 5.0 points"


def test_cases_of_one_group_are_one_case_to_the_resolution() -> None:
    grouped = suite(cases=[{"id": case, "group": "same"} for case in named(30)])
    did = asked(grouped, dict.fromkeys(named(30), "11111"))
    assert "1 clean case only excludes drops above 95.0 points" in decide(compare(did, did, by_name(grouped))).lines


def test_no_clean_case_excludes_nothing() -> None:
    assert "no case is clean" in verdict(4, worse=4).lines[-1]


def test_a_measured_drop_is_told_with_its_interval_margin_and_p() -> None:
    line = next(line for line in verdict(30, worse=15).lines if "with 95% confidence" in line and "pass rate" in line)
    assert line.startswith("agent support: the pass rate of 30 cases fell by 10.0 points (100.0% to 90.0%; 5 allowed")
    assert "p < 0.001" in line


def test_what_is_measured_is_told_once_where_it_is_the_reason_too() -> None:
    told = [line for line in verdict(30, worse=15).lines if line.startswith("agent support: the pass rate of 30 cases")]
    assert len(told) == 1


def test_a_reason_that_holds_ends_with_what_would_resolve_it() -> None:
    asking = suite(cases=named(3))
    did = dict.fromkeys(named(3), "1")
    found = decide(compare(asked(asking, did), asked(asking, did | {"case-000": "0"}), by_name(asking)))
    assert found.lines[0] == "inconclusive: 3 cases, live evidence"
    assert "1 case may have broken: refunds/case-000; ask them again 10 times on both sides" in found.lines


def test_new_changed_removed_and_unjudged_cases_are_told() -> None:
    before = suite(cases=["a", "b", "gone", {"id": "c", "vars": {"message": "old"}}])
    after = suite(cases=["a", "b", "c", "d"])
    base = asked(before, {"a": "1", "b": "x", "gone": "1", "c": "1"})
    head = asked(after, dict.fromkeys("abcd", "1"))
    lines = decide(compare(base, head, by_name(after), Options(base_suites=by_name(before)))).lines
    assert {
        "new: refunds/d",
        "asked in another form than before, and not compared: refunds/c",
        "not judged: refunds/b",
        "removed: refunds/gone",
    } <= set(lines)


def test_text_from_documents_cannot_write_to_the_terminal() -> None:
    held = {"owner": "@tidewater/support", "reason": "x\x1b[2J\ny", "expires": "2026-06-01"}
    asking = suite(cases=["a", {"id": "b", "quarantine": held}])
    did = asked(asking, {"a": "1", "b": "0"}, "simulated")
    text = "".join(decide(compare(did, did, by_name(asking))).lines)
    assert "\x1b" not in text
    assert "\n" not in text
