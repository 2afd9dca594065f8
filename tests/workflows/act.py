"""Runs one workflow by act, on this machine and without a container engine, and tells what became of its steps."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.workflows import tools

STANDINS = Path(__file__).with_name("standins")
LABELS = ("ubuntu-latest", "self-hosted")


@dataclass
class Run:
    """`jobs` has a result by the name of the job, `steps` an outcome by job and step, `printed` everything said."""

    id: int
    workflow: str
    passed: bool
    jobs: dict[str, str] = field(default_factory=dict)
    steps: dict[tuple[str, str], str] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)

    @property
    def printed(self) -> str:
        return "".join(f"[{job}] {line}" for job, line in self.said)

    def of(self, job: str) -> str:
        """What one job printed."""
        return "".join(line for name, line in self.said if name == job)


def run(
    workflow: Path, event: str, payload: Mapping[str, Any], environ: Mapping[str, str], options: list[str], temp: Path
) -> Run:
    """Runs a workflow of the repository that is checked out around it. `environ` is what its jobs are given."""
    number = int(environ["GITHUB_RUN_ID"])
    folder = temp / f"act-{number}"
    folder.mkdir()
    (folder / "event.json").write_text(json.dumps(payload))
    root = workflow.parents[2]
    command = [str(tools.find("act")), event, "-W", str(workflow.relative_to(root)), "-e", str(folder / "event.json")]
    command += ["--json", "--no-skip-checkout", "--no-cache-server", "--action-offline-mode", "--rm"]
    command += ["--env-file", os.devnull, "--secret-file", os.devnull, "--var-file", os.devnull]
    command += ["--input-file", os.devnull, "--action-cache-path", str(folder / "cache")]
    command += [part for label in LABELS for part in ("-P", f"{label}=-self-hosted")]
    command += [part for use, standin in stood_in(root) for part in ("--local-repository", f"{use}={standin}")]
    command += [part for name, value in environ.items() for part in ("--env", f"{name}={value}")]
    inherited = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run([*command, *options], cwd=root, env=inherited, capture_output=True, text=True, timeout=600)
    (folder / "log.jsonl").write_text(done.stdout)
    return read(Run(number, workflow.stem, done.returncode == 0), done.stdout, done.stderr)


def stood_in(root: Path) -> Iterator[tuple[str, Path]]:
    """The actions of others that workflows use, each with its stand-in."""
    seen = set()
    for file in (*root.glob(".github/workflows/*.yml"), *root.glob(".github/actions/*/action.yml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            use = line.partition("uses: ")[2].partition(" #")[0].strip()
            if "@" in use and use not in seen:
                seen.add(use)
                yield use, STANDINS / use.partition("@")[0].rpartition("/")[2]


def read(run: Run, output: str, errors: str) -> Run:
    for line in output.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            run.said.append(("", f"{line}\n"))
            continue
        # A job of a workflow that another one calls is named `<job that calls>/<workflow>/<job>`.
        callers = str(entry.get("job", "")).split("/")[:-2]
        job = "/".join([*callers, str(entry.get("jobID", "")), *(entry.get("matrix") or {}).values()])
        if "jobResult" in entry:
            run.jobs[job] = entry["jobResult"]
        if entry.get("stage") == "Main" and "stepResult" in entry and len(entry["stepID"]) == 1:
            run.steps[job, entry["stepID"][0]] = entry["stepResult"]
        run.said.append((job, f"{str(entry.get('msg', '')).rstrip()}\n"))
    run.said.extend(("", f"{line}\n") for line in errors.splitlines())
    return run
