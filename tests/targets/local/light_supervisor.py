"""The supervisor as it is, over light slots. `LIGHT_AHEAD` is how many seconds the machine's clock is ahead.

With `LIGHT_WATCHED` it keeps a monitor, and the door of chat where the release names one.
With `LIGHT_LINGERS` a thread keeps the process for so many seconds after it was told to end.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from mooring.targets.host import beside
from mooring.targets.local import supervisor


async def run(options: supervisor.Options, commands: supervisor.Commands) -> None:
    """As the supervisor does, and then a thread goes on, as one that waits for a database would."""
    await as_it_is(options, commands)
    asyncio.get_running_loop().run_in_executor(None, time.sleep, float(os.environ["LIGHT_LINGERS"]))


as_it_is = supervisor._run

if __name__ == "__main__":
    if "LIGHT_LINGERS" in os.environ:
        supervisor._run = run
    true, ahead = time.time, float(os.environ.get("LIGHT_AHEAD", 0))
    time.time = lambda: true() + ahead
    watched = "LIGHT_WATCHED" in os.environ
    monitor, chat = (beside.MONITOR.command, beside.CHAT.command) if watched else ((), ())
    slot = (sys.executable, str(Path(__file__).with_name("light_slot.py")))
    sys.exit(supervisor.main(sys.argv[1:], supervisor.Commands(slot=slot, monitor=monitor, chat=chat)))
