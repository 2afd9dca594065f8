"""What the new version's own command does and says in the upgraded work tree."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.upgrade.git import surroundings

MIGRATE = ("upgrade", "--migrate")
"""How an older version asks a newer one to migrate the documents it stands in. Part of what versions agree on:
later ones must answer it with `migrated` in `--json`, for every copy that is older."""
SCHEMAS = ("schema", "--write")
VALIDATE = ("validate",)
_OURS = ("MOORING_HOME", "MOORING_STATE", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONHOME", "VIRTUAL_ENV")
_LOG = re.compile(r" \(log: \S+\)$")
"""Where the set-up's log is: in the work tree, which goes."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the new version that has ended; `lines` say why it failed."""

    command: str
    passed: bool
    data: dict[str, Any]
    lines: tuple[str, ...] = ()


def moor(root: Path, *arguments: str) -> Step:
    """Runs the command of the version that stands at `root`, with its own environment."""
    done = _run(root, ["./scripts/moor", "--json", *arguments])
    data = _object(done.stdout)
    command = " ".join(("moor", *arguments))
    if done.returncode == 0 and data is not None:
        return Step(command, True, data)
    return Step(command, False, data or {}, _lines(data, done, root))


def door(root: Path) -> Step:
    """Starts the command once: it sets up its Python environment when the new version's locks ask for another one."""
    done = _run(root, ["./scripts/moor", "--version"])
    return Step("moor --version", done.returncode == 0, {}, () if done.returncode == 0 else _lines(None, done, root))


def whole_suite(root: Path) -> Step:
    """Runs every test of the code, which takes minutes."""
    done = _run(root, ["./scripts/test"])
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-1:]
    return Step("./scripts/test", done.returncode == 0, {}, () if done.returncode == 0 else (*failed, *last))


def evaluation(root: Path) -> tuple[str, ...] | None:
    """How to ask the suites offline: in `local`, else in the first environment. None when there are no suites."""
    if not any((root / "evals/suites").rglob("*.yaml")):
        return None
    folder = root / "configs/environments"
    names = sorted(file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.yaml"))
    chosen = "local" if "local" in names or not names else names[0]
    return ("eval", "--environment", chosen)


def _run(root: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in surroundings().items() if name not in _OURS}
    try:
        return subprocess.run(
            command,
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise Failed(Reason.PROCESS, f"{command[0]} of the new version cannot be started: {error.strerror}") from None


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _lines(data: dict[str, Any] | None, done: subprocess.CompletedProcess[str], root: Path) -> tuple[str, ...]:
    """Findings, or the message, or the last line of what was printed, with the place in the code that it is about."""
    found = [_finding(each) for each in (data or {}).get("findings", ()) if isinstance(each, dict)]
    if found:
        return tuple(found)
    if data and (said := data.get("message") or data.get("reason")):
        return (str(said),)
    printed = [_LOG.sub("", line.strip()) for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    if not printed:
        return (f"ended with exit code {done.returncode} and no word",)
    places = [line.replace(f"{root}/", "") for line in printed[:-1] if line.startswith('File "')]
    return (*places[-1:], printed[-1])


def _finding(each: dict[str, Any]) -> str:
    place = f"{each.get('file')}:{each['line']}" if each.get("line") else str(each.get("file"))
    return f"{' '.join(filter(None, (place, each.get('path'))))}: {each.get('message')}"
