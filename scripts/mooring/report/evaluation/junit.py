"""An evaluation as JUnit XML, which most forges and build servers read.

Source: https://github.com/testmoapp/junitxml, "Common JUnit XML format".
"""

import math
import re
from xml.etree import ElementTree as ET

from mooring.evaluate.behaviour.values import Behaviour, CaseReport
from mooring.evaluate.values import Reply
from mooring.report.evaluation import wording

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, section 2.2."""


def junit(behaviour: Behaviour) -> str:
    """One test suite for each of ours, and one of a single test for the verdict."""
    root = ET.Element("testsuites", name=f"evaluation of {_text(behaviour.environment)}")
    by_suite: dict[str, list[CaseReport]] = {}
    for case in behaviour.cases:
        by_suite.setdefault(case.suite, []).append(case)
    for name, cases in sorted(by_suite.items()):
        suite = ET.SubElement(root, "testsuite", name=_text(name), timestamp=_text(behaviour.started))
        for case in cases:
            _case(suite, case)
        _count(suite)
    verdict = ET.SubElement(root, "testsuite", name="verdict", timestamp=_text(behaviour.started))
    _verdict(ET.SubElement(verdict, "testcase", classname="verdict", name="the gate"), behaviour)
    _count(verdict)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, case: CaseReport) -> None:
    """A case fails when it never passed or blocks. One that sometimes passes is a pass with a remark."""
    test = ET.SubElement(suite, "testcase", classname=_text(case.suite), name=_text(case.case))
    if case.head.latency_seconds is not None:
        test.set("time", f"{case.head.latency_seconds:.3f}")
    why = _text("; ".join(case.now)) or "no reason is known"
    if case.quarantine and case.failing:
        ET.SubElement(test, "skipped", message=_text(f"in quarantine {case.quarantine}: {why}"))
    elif case.blocking or (case.head.failed and not case.head.passed):
        ET.SubElement(test, "failure", message=why, type=case.state).text = _sides(case)
    elif not case.head.judged:
        ET.SubElement(test, "error", message=why, type=case.state).text = _sides(case)
    ET.SubElement(test, "system-out").text = wording.standing(case)


def _sides(case: CaseReport) -> str:
    parts = [
        f"> {turn.message}\n--- before\n{_lines(turn.old)}\n+++ now\n{_lines(turn.new)}" for turn in case.turns
    ]  # fmt: skip
    return _text("\n\n".join(parts))


def _lines(reply: Reply | None) -> str:
    return "\n".join(wording.said(reply))


def _verdict(test: ET.Element, behaviour: Behaviour) -> None:
    lines = _text("\n".join(behaviour.verdict.lines))
    first = lines.split("\n", 1)[0]
    if behaviour.verdict.outcome == "fail":
        ET.SubElement(test, "failure", message=first, type="fail").text = lines
    elif behaviour.verdict.outcome == "inconclusive":
        ET.SubElement(test, "error", message=first, type="inconclusive").text = lines
    else:
        ET.SubElement(test, "system-out").text = lines


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    times = [float(test.get("time", 0)) for test in suite]
    suite.set("time", f"{math.fsum(times):.3f}")


def _text(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
