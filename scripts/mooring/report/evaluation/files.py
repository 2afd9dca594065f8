"""Writes every format of an evaluation to a folder."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from mooring.errors import Failed
from mooring.evaluate.behaviour.values import Behaviour, parse
from mooring.evaluate.gate.comparison import Comparison
from mooring.outcome import Reason
from mooring.report import untrusted
from mooring.report.evaluation.junit import junit
from mooring.report.evaluation.markdown import comment
from mooring.report.evaluation.page import page

FORMAT = "mooring.evaluation/v1"

LARGEST = 64 * 2**20
"""Most bytes of a plan that are read."""

PLAN = "behaviour.json"

FORMS: Mapping[str, Callable[[Behaviour], str]] = MappingProxyType(
    {
        PLAN: lambda behaviour: json.dumps(behaviour.data()),
        "comment.md": comment,
        "junit.xml": junit,
        "report.html": page,
    }
)
"""Renderer by file name. All need the plan alone, so that they can be rendered again from PLAN."""


def write(folder: Path, behaviour: Behaviour, comparison: Comparison | None = None) -> None:
    """All FORMS, and with `comparison` results.json: the verdict and both sides' results. Failed(STORAGE)."""
    files = {name: form(behaviour) for name, form in FORMS.items()}
    if comparison:
        files["results.json"] = results(behaviour, comparison)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write to {folder}: {error.strerror}") from None


def results(behaviour: Behaviour, comparison: Comparison) -> str:
    """Verdict, comparison and results as JSON."""
    data = {
        "format": FORMAT,
        "verdict": behaviour.verdict.data(),
        "comparison": comparison.data(),
        "base": comparison.base,
        "head": comparison.head,
    }
    return json.dumps(data, default=vars)


def read(file: Path) -> Behaviour:
    """Reads an untrusted plan. Raises Refused(TAMPERED) when it is not a plan, Failed(STORAGE) on a disk error."""
    return parse(untrusted.read(file, LARGEST))


def summarise(environ: Mapping[str, str], text: str) -> bool:
    """Adds Markdown to the summary of a workflow's step, if there is one. Failed(STORAGE)."""
    file = environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return False
    try:
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(text)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write the step's summary: {error.strerror}") from None
    return True
