"""deepeval and sacrebleu, installed when a suite asks for them; no other command needs their hundred megabytes."""

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
from mooring.spec.assertions import needs_extras


def provide(suites: Iterable[EvalSuite], console: Console) -> None:
    """Installs both if a suite needs one of them, and restarts this command in the environment that has them.

    Raises Failed(NOT_READY) when it cannot be installed or imported.
    """
    if installed() or not any(_asserted(suite) for suite in suites):
        return
    home = os.environ.get("MOORING_HOME")
    if home is None or os.environ.get(_TRIED):
        raise Failed(Reason.NOT_READY, "a suite needs deepeval or sacrebleu, which are not installed", FIX)
    console.note("a suite needs deepeval or sacrebleu: both are installed, once")
    done = subprocess.run([sys.executable, f"{home}/scripts/bootstrap.py", "--eval"], check=False)
    if done.returncode:
        raise Failed(Reason.NOT_READY, "deepeval and sacrebleu could not be installed", FIX)
    python = str(Path(home, ".venv").resolve() / "bin/python")
    os.execve(python, [python, "-m", "mooring", *sys.argv[1:]], os.environ | {_TRIED: "1"})  # noqa: S606 - itself


_TRIED = "MOORING_EVAL_TRIED"


def _asserted(suite: EvalSuite) -> bool:
    return any(needs_extras(assertion) for case in cases(suite) for assertion in assertions(case))
