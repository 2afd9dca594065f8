"""What the stand-in for a node knows of images: a name that can be pulled, and what a container of it would run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Image:
    """`command` is its ENTRYPOINT, `arguments` its CMD, `environ` its ENV and `folder` its WORKDIR."""

    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
