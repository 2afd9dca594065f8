"""The files that operators load: rules for Prometheus, routing for Alertmanager, a dashboard for Grafana."""

from pathlib import Path

from mooring.errors import Failed
from mooring.operate.objectives.alertmanager import alertmanager
from mooring.operate.objectives.dashboard import dashboard
from mooring.operate.objectives.expressions import problems
from mooring.operate.objectives.pace import USUAL, Pace
from mooring.operate.objectives.rules import rules
from mooring.outcome import Reason
from mooring.spec import Objectives

RULES, ALERTMANAGER, DASHBOARD = "rules.yaml", "alertmanager.yaml", "dashboard.json"

Files = dict[str, str]
"""Texts by name."""


def render(environment: str, objectives: Objectives, pace: Pace = USUAL) -> Files:
    """The files of an environment. Failed(FINDINGS) when an expression would not load, or would find nothing."""
    files = {
        RULES: rules(environment, objectives, pace),
        ALERTMANAGER: alertmanager(environment, objectives, pace),
        DASHBOARD: dashboard(environment, objectives, pace),
    }
    if wrong := problems(files[RULES], files[DASHBOARD]):
        raise Failed(Reason.FINDINGS, f"{environment}: {'; '.join(wrong)}")
    return files


def differing(files: Files, folder: Path) -> list[str]:
    """Names of the files that are not in a folder as they were rendered."""
    return [name for name, text in files.items() if _read(folder / name) != text]


def write(files: Files, folder: Path) -> list[str]:
    """Writes what differs, each file at once, so that nobody loads half of one. Failed(STORAGE)."""
    changed = differing(files, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in changed:
            beside = folder / f".{name}"
            beside.write_text(files[name], encoding="utf-8")
            beside.replace(folder / name)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write to {folder}: {error.strerror}", "say another --out") from None
    return changed


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
