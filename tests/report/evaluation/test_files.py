"""Every form is written, the plan comes back from its file, and what else is in a file is refused."""

import json
from pathlib import Path

import pytest

from mooring.errors import Failed, Refused
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.values import Results
from mooring.report.evaluation import files
from mooring.report.evaluation.markdown import comment
from tests.evaluate.behaviour.story import OLD, SUITES, Edit, answers, dropped, results


def test_all_forms_are_written_and_the_plan_can_be_read_back(edit: Edit, tmp_path: Path) -> None:
    plan = dropped(edit, live=True)
    files.write(tmp_path / "new", plan)
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(files.FORMS)
    assert files.read(tmp_path / "new" / files.PLAN) == plan
    assert (tmp_path / "new/comment.md").read_text(encoding="utf-8") == comment(plan)


def test_results_come_with_the_verdict(edit: Edit, tmp_path: Path) -> None:
    head = results(SUITES.values(), answers(OLD))
    files.write(tmp_path, dropped(edit), compare(head, head, SUITES))
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert found["format"] == "mooring.evaluation/v1"
    assert found["verdict"]["outcome"] == "fail"
    assert Results.from_data(found["head"]) == head == Results.from_data(found["base"])


def test_a_file_that_is_no_plan_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"environment": "local"}', encoding="utf-8")
    with pytest.raises(Refused, match="no behavioural plan"):
        files.read(other)
    monkeypatch.setattr(files, "LARGEST", 3)
    with pytest.raises(Refused, match="larger than"):
        files.read(other)
    with pytest.raises(Failed, match="cannot read"):
        files.read(tmp_path / "missing.json")


def test_numbers_that_are_none_are_refused(edit: Edit, tmp_path: Path) -> None:
    text = json.dumps(dropped(edit).data()).replace('"cost_usd": 0.002', '"cost_usd": NaN')
    (tmp_path / "nan.json").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="finite"):
        files.read(tmp_path / "nan.json")


def test_a_place_that_cannot_be_written_is_one_line(edit: Edit, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Failed, match="cannot write to"):
        files.write(tmp_path / "file" / "below", dropped(edit))


def test_the_summary_of_a_step_is_added_to(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    assert files.summarise({"GITHUB_STEP_SUMMARY": str(summary)}, "now\n")
    assert summary.read_text(encoding="utf-8") == "before\nnow\n"
    assert not files.summarise({}, "now\n")
