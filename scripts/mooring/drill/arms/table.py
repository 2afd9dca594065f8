"""The table of arms, the only list of them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import httpx2

from mooring.drill.arms.arm import Arm
from mooring.drill.arms.fallback import Fallback
from mooring.drill.arms.ladder import LadderAlone
from mooring.drill.arms.names import BASE, BASELINE, HEAD, LADDER, WITHOUT
from mooring.drill.arms.sdk import Sdk
from mooring.drill.arms.slot import Slot
from mooring.drill.arms.supervised import Supervised
from mooring.drill.arms.variants import POLICIES, without
from mooring.release.release import Release

Build = Callable[[Release, httpx2.AsyncBaseTransport, Path], Arm]


def _less(policy: str, release: Release, outside: httpx2.AsyncBaseTransport, state: Path) -> Arm:
    return Slot(without(release, policy), outside, state)


ARMS: Mapping[str, Build] = {
    "bare": lambda release, outside, _: Sdk(release, outside, retries=0),
    BASELINE: lambda release, outside, _: Supervised(Sdk(release, outside)),
    "fallback": lambda release, outside, _: Fallback(release, outside),
    BASE: Slot,
    HEAD: Slot,
    LADDER: LadderAlone,
    **{f"{WITHOUT}{policy}": partial(_less, policy) for policy in POLICIES},
}
"""By name; the last ones are the head less one policy. `ladder` is what a search asks, and no report shows."""
