"""Starts a supervisor apart from the process that asks for it."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from mooring import private
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.targets.host import folders, logs

OF_A_JOB = frozenset({"RUNNER_TRACKING_ID", "GH_TOKEN", "GITHUB_TOKEN"})
SOURCES = str(Path(__file__).parents[3])


def launch(command: Sequence[str], root: Path, state: Path, environment: str, listen: str) -> bool:
    """Starts one and waits for its first line of output; False when another one has the state folder already.

    Failed(PORT_IN_USE), Failed(STORAGE) or Failed(PROCESS) when it cannot stand.
    """
    options = ["--root", root, "--state", state, "--environment", environment, "--listen", listen]
    reading, writing = os.pipe()
    with os.fdopen(reading) as said, os.fdopen(writing, "w") as says, _log(state) as output:
        subprocess.Popen(
            [*command, *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=says,
            stderr=output,
            start_new_session=True,
            cwd=state,
            env=inherited(os.environ),
        )
        says.close()
        line = said.readline()
    if not line:
        raise Failed(Reason.PROCESS, f"the supervisor did not start; see {folders.log_file(state, 'supervisor')}")
    answer = json.loads(line)
    if answer.get("reason") == Reason.LOCKED:
        return False
    if answer:
        raise Failed(Reason(answer["reason"]), answer["message"], answer["fix"])
    return True


def _log(state: Path) -> BinaryIO:
    try:
        private.folder(state)
        private.mend(state)
        return logs.opened(folders.log_file(state, "supervisor"))
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write in {state}: {error.strerror}", "make the folder writable") from None


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What a supervisor and its slots have of the variables of the process that starts them.

    A GitHub runner ends every process that carries RUNNER_TRACKING_ID at the end of a job; releases outlive theirs. The
    tokens of a job are none of theirs, nor of the tools that agents call. Secrets that documents name come by `stage`.
    """
    kept = {name: value for name, value in environ.items() if name not in OF_A_JOB and not name.startswith("ACTIONS_")}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, (SOURCES, environ.get("PYTHONPATH"))))}
