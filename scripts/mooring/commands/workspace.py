"""The workspace of a command: its repository and its state folder."""

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring.catalog.nearest import suggestion
from mooring.errors import UsageError
from mooring.state.place import location


@dataclass(frozen=True, slots=True)
class Workspace:
    """`root` holds `configs/` and `prompts/`; `state` holds one folder for every environment."""

    root: Path
    state: Path

    def of(self, environment: str) -> Path:
        """The state folder of an environment."""
        return self.state / environment

    def environments(self) -> list[str]:
        """Names of the environments that have a document."""
        folder = self.root / "configs" / "environments"
        return sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml"))

    def known(self, environment: str) -> str:
        """`environment` if it has a document or a ledger. Raises UsageError otherwise."""
        names = self.environments()
        if environment not in names and environment not in location.known(self.state):
            there = f"there are: {', '.join(names)}" if names else "there are none in configs/environments"
            raise UsageError(f"no environment {environment!r}{suggestion(environment, names)} ({there})")
        return environment


def find(args: Namespace) -> Workspace:
    """The workspace of this call. Raises UsageError when there is no repository."""
    return locate(Path(args.directory or "."), os.environ)


def locate(start: Path, environ: Mapping[str, str]) -> Workspace:
    """From `start` upward to a folder with configs/ and prompts/, else $MOORING_HOME. $MOORING_STATE moves state."""
    try:
        folder = start.absolute()
    except FileNotFoundError:
        raise UsageError("the current folder does not exist any more", "cd to one that does") from None
    home = environ.get("MOORING_HOME")
    roots = [folder, *folder.parents, *([Path(home)] if home else [])]
    for root in roots if folder.is_dir() else ():
        if (root / "configs").is_dir() and (root / "prompts").is_dir():
            return Workspace(root, Path(environ.get("MOORING_STATE") or root / ".mooring").absolute())
    raise UsageError(
        f"no repository here: neither {folder} nor a folder above has configs/ and prompts/", "moor -C DIR"
    )
