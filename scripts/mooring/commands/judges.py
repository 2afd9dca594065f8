"""Installs deepeval when a suite needs a judge; no other command pays for its hundred megabytes."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from mooring.errors import Failed
from mooring.evaluate.cases import assertions, cases
from mooring.evaluate.judges.quiet import FIX, installed
from mooring.outcome import Reason
from mooring.report.console import Console
from mooring.spec import EvalSuite
from mooring.spec.assertions import needs_deepeval


def provide(suites: Iterable[EvalSuite], console: Console) -> None:
    """Installs deepeval if a suite needs it, and restarts this command in the environment that has it.

    Raises Failed(NOT_READY) when it cannot be installed or imported.
    """
    if installed() or not any(_asserted(suite) for suite in suites):
        return
    home = os.environ.get("MOORING_HOME")
    if home is None or os.environ.get(_TRIED):
        raise Failed(Reason.NOT_READY, "a suite asks a judge, and deepeval is not installed", FIX)
    console.note("a suite asks a judge: deepeval is installed, once")
    done = subprocess.run([sys.executable, f"{home}/scripts/bootstrap.py", "--eval"], check=False)
    if done.returncode:
        raise Failed(Reason.NOT_READY, "deepeval could not be installed", FIX)
    python = str(Path(home, ".venv").resolve() / "bin/python")
    os.execve(python, [python, "-m", "mooring", *sys.argv[1:]], os.environ | {_TRIED: "1"})  # noqa: S606 - itself


_TRIED = "MOORING_EVAL_TRIED"


def _asserted(suite: EvalSuite) -> bool:
    return any(needs_deepeval(assertion) for case in cases(suite) for assertion in assertions(case))
