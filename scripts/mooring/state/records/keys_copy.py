"""The copy of callers' keys on one machine: what its processes go by while the database does not answer.

Earlier versions kept the keys themselves in this file, and their processes read it while a new version goes live.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mooring import private

FILE = "keys.json"
"""In the state folder."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Data of keys by their hash. `change` is the change that they are of; None in a file of an earlier version."""

    change: int | None
    keys: Mapping[str, str]


def read(folder: Path) -> Copied | None:
    """The copy in a state folder; None when there is none. Raises OSError, and ValueError when it is damaged."""
    path = folder / FILE
    try:
        found = json.loads(path.read_bytes())
        keys = {str(key["hash"]): json.dumps(key) for key in found["keys"]}
        return Copied(found.get("change"), keys)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged") from error


def write(folder: Path, change: int, keys: Mapping[str, str]) -> None:
    """Replaces the copy, whole or not at all. Raises OSError."""
    path = folder / FILE
    data = json.dumps({"change": change, "keys": [json.loads(key) for key in keys.values()]}, indent=2)
    fresh = path.with_name(f"{path.name}.{os.getpid()}~")
    fresh.unlink(missing_ok=True)
    with private.file(fresh).open("w", encoding="utf-8") as file:
        file.write(data + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
