"""The supervisor as it is, over light slots. `LIGHT_AHEAD` is how many seconds the machine's clock is ahead.

With `LIGHT_WATCHED` it keeps a monitor.
"""

import os
import sys
import time
from pathlib import Path

from mooring.targets.local import supervisor
from mooring.targets.local.monitor import COMMAND

if __name__ == "__main__":
    true, ahead = time.time, float(os.environ.get("LIGHT_AHEAD", 0))
    time.time = lambda: true() + ahead
    monitor = COMMAND if "LIGHT_WATCHED" in os.environ else ()
    slot = (sys.executable, str(Path(__file__).with_name("light_slot.py")))
    sys.exit(supervisor.main(sys.argv[1:], supervisor.Commands(slot=slot, monitor=monitor)))
