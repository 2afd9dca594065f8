"""The clock that policies go by."""

import asyncio
import time


def now() -> float:
    """Seconds of the running event loop's clock, which drills replace; outside of a loop, of the monotonic clock."""
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()
