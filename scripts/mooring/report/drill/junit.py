"""Drills as JUnit XML, which most forges and build servers read."""

import re
from xml.etree import ElementTree as ET

from mooring.report.drill import wording
from mooring.report.drill.values import Report, Trace

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, section 2.2."""


def junit(report: Report) -> str:
    """One test suite for each drill: its targets, the comparison with the base, and one test for each arm."""
    root = ET.Element("testsuites", name="drills, simulated")
    for each in report.traces:
        suite = ET.SubElement(root, "testsuite", name=_text(each.name))
        missed = [wording.miss(one, each) for one in report.judgement.misses if one.drill == each.name]
        lost = [wording.loss(one, each) for one in report.judgement.losses if one.drill == each.name]
        _test(suite, each, "targets", missed)
        _test(suite, each, "against the base", lost)
        for arm in each.arms:
            test = ET.SubElement(suite, "testcase", classname=_text(each.name), name=_text(f"arm {arm.name}"))
            if arm.figures is None:
                ET.SubElement(test, "error", message=_text(arm.error), type="crash")
        for attribute, tag in (("failures", "failure"), ("errors", "error")):
            suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _test(suite: ET.Element, each: Trace, name: str, failures: list[str]) -> None:
    test = ET.SubElement(suite, "testcase", classname=_text(each.name), name=name)
    if failures:
        ET.SubElement(test, "failure", message=_text(failures[0]), type=name).text = _text("\n".join(failures))


def _text(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
