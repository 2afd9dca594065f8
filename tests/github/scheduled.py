"""Runs the job of a scheduled workflow as a runner would: its shell steps, with the environment that they are given."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.operate.repository.standin import TOKEN
from tests.operate.repository.tracker import Tracker
from tests.repository import SURROUNDINGS

WORKFLOWS = Path(__file__).parents[2] / ".github/workflows"
ALWAYS = ("always()", "success() || failure()")
"""When a step runs whatever became of those before it; a cancelled job is none of these tests."""

EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")

MOOR = f"""#!/bin/sh
if [ -f "$SAYS" ]; then cat "$SAYS"; exit "$(cat "$SAYS.code")"; fi
exec {sys.executable} -m mooring "$@"
"""
"""The command. The step `job` says and ends as a test wants, and every other is carried out."""


@dataclass
class Job:
    """The only job of a workflow, on a checkout in `root`, for environment `local`."""

    name: str
    root: Path
    host: Tracker
    outcomes: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[dict[str, Any]]:
        (job,) = yaml.safe_load((WORKFLOWS / f"{self.name}.yml").read_text(encoding="utf-8"))["jobs"].values()
        self.environ: dict[str, Any] = job["env"]
        steps: list[dict[str, Any]] = job["steps"]
        return steps

    def says(self, text: str, code: int) -> None:
        """Has the job's verb print a text and end with a code, instead of being carried out."""
        (self.root / "says").write_text(text)
        (self.root / "says.code").write_text(str(code))

    def run(self, *, setup: bool = True) -> bool:
        """Carries out the steps; whether the job is green. Without `setup` a step before those with a shell fails."""
        temp, failed = self.root / "temp", not setup
        temp.mkdir(exist_ok=True)
        moor = self.root / "scripts/moor"
        moor.parent.mkdir(exist_ok=True)
        moor.write_text(MOOR)
        moor.chmod(0o755)
        self.printed, self.outcomes = [], {}
        for step in self.steps:
            if "run" not in step:
                continue
            name = step.get("id", "")
            if failed and step.get("if") not in ALWAYS:
                self.outcomes[name] = "skipped"
                continue
            self.outcomes[name] = self._carried_out(step, temp)
            failed = failed or (self.outcomes[name] == "failure" and not step.get("continue-on-error"))
        return not failed

    def _carried_out(self, step: dict[str, Any], temp: Path) -> str:
        given = {**self.environ, **step.get("env", {})}
        environ = {key: EXPRESSION.sub(self._value, str(value)) for key, value in given.items()}
        environ["MOORING_STATE"] = str(self.root / ".mooring")
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
        host = {name: value for name, value in self.host.environ.items() if name != "GH_TOKEN"}
        done = subprocess.run(
            [*shell, "-c", step["run"]],
            cwd=self.root,
            env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(temp), "SAYS": str(self._says(step))}
            | {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"], **SURROUNDINGS, **host, **environ},
            capture_output=True,
            text=True,
            timeout=100,
        )
        self.printed.append(done.stdout + done.stderr)
        return "success" if done.returncode == 0 else "failure"

    def _says(self, step: dict[str, Any]) -> Path:
        return self.root / ("says" if step.get("id") == "job" else "nothing")

    def _value(self, found: re.Match[str]) -> str:
        known = {"matrix.environment": "local", "github.token": TOKEN}
        if found[1] == "steps.job.outcome":
            return self.outcomes["job"]
        return known[found[1]]
