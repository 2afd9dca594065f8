"""What a slot is told from outside; everything else is in its release."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """`slot` is the slot's colour. `state` is the environment's folder, shared by both slots.

    `simulator_url` has no trailing slash, and is None where nothing is simulated.
    `environ` is where secret references are looked up; it never shows in a log or a `repr`.
    """

    slot: str
    state: Path
    simulator_url: str | None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
