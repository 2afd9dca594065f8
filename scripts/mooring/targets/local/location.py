"""Where the database of an environment is: PostgreSQL by a secret, or a file in the state folder."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory

if TYPE_CHECKING:
    from mooring.spec.environment import Environment
    from mooring.state.address import Address


def address(
    root: Path, environment: "Environment | str", state: Path, environ: Mapping[str, str] = os.environ
) -> "Address":
    """The address. What is live here says it; where nothing is, the document does.

    Failed(STORAGE) when the variable that has it is not set.
    """
    from mooring.state.address import url_of
    from mooring.state.unavailable import Unfit

    name = variable(root, environment, state)
    if name and not environ.get(name):
        message = f"environment variable {name} is not set, which says where the database is"
        raise Failed(Reason.STORAGE, message, f"export {name}=postgresql://…")
    known = environment if isinstance(environment, str) else environment.name
    try:
        return url_of(state, environ[name] if name else None, known)
    except Unfit as error:
        raise Failed(Reason.STORAGE, str(error), error.fix) from None


def variable(root: Path, environment: "Environment | str", state: Path) -> str | None:
    """The environment variable with the URL; None where the database is a file."""
    for document in _documents(root, environment, state):
        try:
            database = document.get("database")
            return str(database["secretRef"]).removeprefix("env:") if database else None
        except (AttributeError, KeyError, TypeError):
            continue
    return None


def _documents(root: Path, environment: "Environment | str", state: Path) -> Iterator[dict[str, Any]]:
    """The environment's document in each form that can be read, the one that counts most first."""
    memory = Memory.load(state / "supervisor.json")
    live = memory.slots[memory.live].digest if memory.live else None
    if live:
        with suppress(OSError, ValueError):
            yield json.loads(folders.release_file(state, live).read_bytes()).get("environment")
    if not isinstance(environment, str):
        yield environment.model_dump(mode="json", include={"database"})
        return
    import yaml

    with suppress(OSError, ValueError, yaml.YAMLError):
        yield yaml.safe_load((root / "configs" / "environments" / f"{environment}.yaml").read_bytes())
