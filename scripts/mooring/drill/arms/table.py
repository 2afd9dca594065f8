"""The table of arms, the only list of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import httpx2

from mooring.drill.arms.arm import Arm
from mooring.drill.arms.ladder import LadderAlone
from mooring.drill.arms.names import BASE, BASELINE, HEAD, LADDER, WITHOUT
from mooring.drill.arms.plain import Plain
from mooring.drill.arms.slot import Slot
from mooring.drill.arms.variants import POLICIES, without
from mooring.release.release import Release

Build = Callable[[Release, httpx2.AsyncBaseTransport, Path], Arm]


def _plain(rungs: Sequence[str], retries: int | None, supervised: bool) -> Build:
    return lambda release, outside, _: Plain(release, outside, tuple(rungs), retries, supervised)


def _less(policy: str, release: Release, outside: httpx2.AsyncBaseTransport, state: Path) -> Arm:
    return Slot(without(release, policy), outside, state)


ARMS: Mapping[str, Build] = {
    "bare": _plain(["L0"], 0, supervised=False),
    BASELINE: _plain(["L0"], None, supervised=True),
    "fallback": _plain(["L0", "L1", "L2"], None, supervised=False),
    BASE: Slot,
    HEAD: Slot,
    LADDER: LadderAlone,
    **{f"{WITHOUT}{policy}": partial(_less, policy) for policy in POLICIES},
}
"""By name; the last ones are the head less one policy. `ladder` is what a search asks, and no report shows."""
