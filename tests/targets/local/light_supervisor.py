"""The supervisor as it is, over light slots. `LIGHT_AHEAD` is how many seconds the machine's clock is ahead.

With `LIGHT_WATCHED` it keeps a monitor, and the door of chat where the release names one.
"""

import os
import sys
import time
from pathlib import Path

from mooring.targets.local import beside, supervisor

if __name__ == "__main__":
    true, ahead = time.time, float(os.environ.get("LIGHT_AHEAD", 0))
    time.time = lambda: true() + ahead
    watched = "LIGHT_WATCHED" in os.environ
    monitor, chat = (beside.MONITOR.command, beside.CHAT.command) if watched else ((), ())
    slot = (sys.executable, str(Path(__file__).with_name("light_slot.py")))
    sys.exit(supervisor.main(sys.argv[1:], supervisor.Commands(slot=slot, monitor=monitor, chat=chat)))
