"""Writes every format of drills to a folder, and reads the data of a report back."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.report import untrusted
from mooring.report.drill.junit import junit
from mooring.report.drill.markdown import markdown
from mooring.report.drill.page import page
from mooring.report.drill.values import Report, parse

RESULTS, PAGE = "results.json", "report.html"

LARGEST = 64 * 2**20
"""Most bytes of a report that are read."""

FORMS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {RESULTS: Report.to_json, "comment.md": markdown, "junit.xml": junit}
)
"""Renderer by file name. All need the report alone, so that they can be rendered again from RESULTS."""


def write(folder: Path, drilled: Mapping[str, Drilled], judgement: Judgement, changed: Sequence[str] = ()) -> None:
    """All FORMS, and PAGE with the timelines. Failed(STORAGE)."""
    report = Report.of(drilled, judgement, changed)
    texts = {name: form(report) for name, form in FORMS.items()} | {PAGE: page(report, drilled)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write to {folder}: {error.strerror}") from None


def as_data(drilled: Mapping[str, Drilled], judgement: Judgement, changed: Sequence[str] = ()) -> dict[str, Any]:
    """What results.json says, as JSON values."""
    return Report.of(drilled, judgement, changed).data()


def read(file: Path) -> Report:
    """Reads untrusted results. Raises Refused(TAMPERED) when they are none, Failed(STORAGE) on a disk error."""
    return parse(untrusted.read(file, LARGEST))
