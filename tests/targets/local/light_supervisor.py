"""The supervisor as it is, over light slots."""

import sys
from pathlib import Path

from mooring.targets.local import supervisor

if __name__ == "__main__":
    slot = (sys.executable, str(Path(__file__).with_name("light_slot.py")))
    sys.exit(supervisor.main(sys.argv[1:], supervisor.Commands(slot=slot)))
