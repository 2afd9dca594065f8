"""The Python environment of the engine: one of its own, in the user's cache, made when it is first needed."""

import subprocess
import sys
from pathlib import Path
from typing import IO

from mooring.errors import Failed
from mooring.outcome import Reason

BOOTSTRAP = Path(__file__).resolve().parents[2] / "bootstrap.py"
SERVE = Path(__file__).with_name("serve.py")
FIX = "name a server that is there already as the model's baseUrl, and leave its `weights` out"


def python(progress: IO[str] | None = None) -> Path:
    """The Python that runs `SERVE`. Takes 0.4 s, and at the first time some 15 s and 220 MB of the user's cache.

    Says to `progress` how far an installation is. Failed(PROCESS) in one line where there can be none: without a
    network, without space, on a processor that the engine was not built for.
    """
    command = [sys.executable, str(BOOTSTRAP), "--model"]
    said: list[str] = []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=None if _terminal(progress) else pipe, text=True) as made:
        for line in made.stderr or ():
            said.append(line.removeprefix("moor: ").strip())
            if progress:
                progress.write(line)
        path = made.stdout.read().strip() if made.stdout else ""
    if made.returncode or not path:
        raise Failed(Reason.PROCESS, f"no local model: {said[-1] if said else 'its set-up failed'}", FIX)
    return Path(path)


def _terminal(progress: IO[str] | None) -> bool:
    """Whether the set-up writes to a terminal itself, one line over the other."""
    return progress is not None and progress is sys.stderr and sys.stderr.isatty()
