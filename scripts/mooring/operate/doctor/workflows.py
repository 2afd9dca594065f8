"""What the workflows of a work tree ask for: runners, secrets, required checks, and when they are due."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = ".github/workflows"
SELF_HOSTED = "self-hosted"
GIVEN = frozenset({"GITHUB_TOKEN"})

_SECRET = re.compile(r"secrets\.([A-Za-z_][A-Za-z0-9_]*)")
_ENVIRONMENT = re.compile(r"\$\{\{\s*(?:inputs|matrix)\.environment\s*\}\}")

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Workflow:
    """`data` is its YAML; `file` its name below `.github/workflows`."""

    file: str
    data: Mapping[Any, Any]
    text: str

    @property
    def name(self) -> str:
        """Its file without the suffix."""
        return self.file.rpartition(".")[0]

    @property
    def on(self) -> Any:
        """What starts it; YAML 1.1 reads the key as true."""
        return self.data.get(True, self.data.get("on")) or {}

    @property
    def jobs(self) -> dict[str, Any]:
        return dict(self.data.get("jobs") or {})

    @property
    def crons(self) -> list[str]:
        schedule = self.on.get("schedule") if isinstance(self.on, dict) else None
        return [str(one["cron"]) for one in schedule or ()]

    @property
    def secrets(self) -> set[str]:
        """Names of the secrets that it reads, but the token that every job is given."""
        return set(_SECRET.findall(self.text)) - GIVEN

    @property
    def checks(self) -> set[str]:
        """Names that pull requests show for its jobs, where it always runs for them; one of a matrix has others."""
        pull = self.on.get("pull_request", ...) if isinstance(self.on, dict) else ...
        if pull is ... or (pull and {"paths", "paths-ignore", "branches", "branches-ignore", "types"} & set(pull)):
            return set()
        plain = {key: job for key, job in self.jobs.items() if not job.get("strategy") and "uses" not in job}
        return {str(job.get("name", key)) for key, job in plain.items()}


def workflows(root: Path) -> list[Workflow]:
    """Those of the work tree by name; one that is no YAML is none."""
    found = []
    for path in sorted((root / FOLDER).glob("*.y*ml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError:
            continue
        if isinstance(data, dict):
            found.append(Workflow(path.name, data, text))
    return found


def labels(found: list[Workflow], environments: Mapping[str, Any]) -> dict[frozenset[str], list[str]]:
    """Sets of labels of our own runners that jobs wait for, each with the workflows that do."""
    wanted: dict[frozenset[str], list[str]] = {}
    for workflow in found:
        for job in workflow.jobs.values():
            asked = job.get("runs-on", [])
            if isinstance(asked, list) and SELF_HOSTED in asked:
                for one in _for_each(asked, _matrix(job) or list(environments)):
                    names = wanted.setdefault(one, [])
                    names += [] if workflow.name in names else [workflow.name]
    return wanted


def _matrix(job: Mapping[str, Any]) -> list[str]:
    matrix = (job.get("strategy") or {}).get("matrix") or {}
    named = matrix.get("environment", []) if isinstance(matrix, dict) else []
    return named if isinstance(named, list) else []


def _for_each(asked: list[str], environments: list[str]) -> Iterator[frozenset[str]]:
    for name in environments:
        yield frozenset(_ENVIRONMENT.sub(name, label).lower() for label in asked)


def period(cron: str) -> float:
    """Seconds within which a schedule comes up at least once, roughly: an hour, a day, a week, a month or a year."""
    _, hour, day, month, weekday = cron.split()
    if month != "*":
        return 366 * DAY
    if day != "*":
        return 31 * DAY
    if weekday != "*":
        return 7 * DAY
    return HOUR if hour == "*" else DAY
