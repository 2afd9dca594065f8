"""All formats are written, the same run gives the same bytes, and what is read back is rendered the same."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement, judge
from mooring.errors import Failed, Refused
from mooring.report.drill import files
from mooring.report.drill.values import Report, parse
from tests.report.drill.story import BOUGHT, WORSE, crashed, lived, outage, year


@pytest.fixture(scope="module")
def drilled() -> dict[str, Drilled]:
    return {"outage": lived(outage(), BOUGHT | WORSE), "year": lived(year(), BOUGHT)}


@pytest.fixture(scope="module")
def judgement(drilled: dict[str, Drilled]) -> Judgement:
    return judge(drilled, ())


@pytest.mark.slow
def test_every_format_is_written_the_same_every_time(
    drilled: dict[str, Drilled], judgement: Judgement, tmp_path: Path
) -> None:
    for folder in ("one", "two"):
        files.write(tmp_path / folder, drilled, judgement, ["standard: retry.tries 3 -> 1"])
    names = {path.name for path in (tmp_path / "one").iterdir()}
    assert names == {"results.json", "comment.md", "junit.xml", "report.html"}
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_results_hold_the_verdict_and_the_figures_of_every_arm(
    drilled: dict[str, Drilled], judgement: Judgement, tmp_path: Path
) -> None:
    files.write(tmp_path, drilled, judgement)
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert found == json.loads(json.dumps(files.as_data(drilled, judgement)))
    assert (found["format"], found["verdict"], found["simulated"]) == ("mooring.drill/v1", "fail", True)
    arms = {arm["name"]: arm["figures"] for arm in found["traces"][0]["arms"]}
    assert list(arms) == list(drilled["outage"].arms)
    head = drilled["outage"].arms["head"].figures
    assert head is not None
    assert arms["head"]["availability"]["value"] == head.availability.value
    assert [each["policy"] for each in found["traces"][0]["bought"]] == ["breaker", "L1"]


def test_what_is_read_back_is_rendered_the_same(
    drilled: dict[str, Drilled], judgement: Judgement, tmp_path: Path
) -> None:
    files.write(tmp_path, drilled, judgement, ["standard: retry.tries 3 -> 1"])
    read = files.read(tmp_path / files.RESULTS)
    for name, form in files.FORMS.items():
        assert form(read) == (tmp_path / name).read_text(encoding="utf-8"), name


@pytest.mark.parametrize("content", ['{"traces": []}', "[]", "no JSON", '{"judgement": {"outcome": "great"}}'])
def test_a_file_that_is_no_report_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match="no report of drills"):
        files.read(tmp_path / "other.json")


def test_a_report_without_drills_is_none_and_figures_that_are_missing_are_nothing(
    drilled: dict[str, Drilled], judgement: Judgement
) -> None:
    data = files.as_data(drilled, judgement)
    with pytest.raises(Refused, match="it has none"):
        parse(json.dumps(data | {"traces": []}))
    for trace in data["traces"]:
        for arm in trace["arms"]:
            arm["figures"] |= {"rungs": {}, "mttr": None, "mean_seconds": float("inf"), "p99_seconds": float("nan")}
    read = parse(json.dumps(data))
    assert all(form(read) for form in files.FORMS.values())


def test_a_report_that_is_too_large_or_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large.json").write_text(" " * 11, encoding="utf-8")
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(Refused, match="larger than"):
        files.read(tmp_path / "large.json")
    with pytest.raises(Failed, match="cannot read"):
        files.read(tmp_path / "missing.json")


def test_a_folder_that_cannot_be_written_is_said(
    drilled: dict[str, Drilled], judgement: Judgement, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Failed, match="cannot write to"):
        files.write(tmp_path / "file", drilled, judgement)


def test_build_servers_see_losses_as_failures_and_crashes_as_errors(judgement: Judgement) -> None:
    found = {"outage": crashed(lived(outage(), WORSE), "supervised", "OSError: \x00 full")}
    root = ET.fromstring(files.FORMS["junit.xml"](Report.of(found, judge(found, ()))))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")
    failed = [test.get("name") for test in suite if test.find("failure") is not None]
    assert failed == ["against the base"]
    assert [test.get("name") for test in suite if test.find("error") is not None] == ["arm supervised"]


def test_policies_are_bought_by_the_head_and_not_where_an_arm_crashed(drilled: dict[str, Drilled]) -> None:
    found = drilled["year"]
    (breaker, first) = Report.of({"year": found}, judge({"year": found}, ())).traces[0].bought
    assert (breaker.policy, first.policy) == ("breaker", "L1")
    assert breaker.availability.low == breaker.availability.high == 0
    assert not breaker.tells
    assert first.tells
    assert first.availability.low > 0
    less = replace(found, arms={**found.arms, **crashed(found, "without L1", "it died").arms})
    assert [one.policy for one in Report.of({"year": less}, judge({"year": less}, ())).traces[0].bought] == ["breaker"]
