"""act, which runs workflows, and actionlint, which checks them: `python -m tests.workflows.tools act …` runs one.

Both are built by Go from the sums in `tools/go.sum`, once, outside the repository. Where there is no Go, they are not
run, and that is said.
"""

import subprocess
import sys
from pathlib import Path

from tests.golang import NEEDED, Missing, Module, is_needed

__all__ = ["MISSING", "MODULE", "NEEDED", "Missing", "digest", "find", "is_needed", "main"]

MODULE = Path(__file__).with_name("tools")
MISSING = "Go is missing: workflows were NOT run and NOT checked by actionlint (install Go 1.25 or newer)"

_TOOLS = Module(MODULE, "tools", MISSING, ("-ldflags=-s -w", "tool"))
find, digest = _TOOLS.find, _TOOLS.digest


def main(name: str, *arguments: str) -> int:
    try:
        return subprocess.run([find(name), *arguments]).returncode
    except Missing as error:
        print(error, file=sys.stderr)
        return int(is_needed())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
