"""Checks what the simulated world is made of, for `moor validate`: rules, services, and that environments find them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mooring.errors import FindingsError
from mooring.finding import Finding
from mooring.simulator.rulebook import read as read_rules
from mooring.simulator.services import world
from mooring.spec.endpoints import SIMULATED
from mooring.spec.environment import Environment

FOLDER = Path("evals/simulator")
CHECK = "simulated-world"


def findings(root: Path, environments: Mapping[str, Environment]) -> list[Finding]:
    """What is wrong below `root/evals/simulator`. `environments` by their file; neither rules nor a world need be."""
    folder, found = root / FOLDER, []
    if list(folder.glob("*.yaml")):
        found += _raised(root, lambda: read_rules(folder))
    wrong = _raised(root, lambda: world.read(folder))
    return [*found, *wrong] if wrong else [*found, *_missing(environments, world.read(folder))]


def _missing(environments: Mapping[str, Environment], services: Iterable[str]) -> list[Finding]:
    """Services that an environment takes for simulated and that the world does not have."""
    return [
        Finding(
            file,
            0,
            f"services.{name}",
            f"the simulated world has no service {name!r}",
            CHECK,
            f"add {FOLDER / world.FOLDER / name}.yaml, or give its URL",
        )
        for file, environment in environments.items()
        for name, where in environment.services.items()
        if where == SIMULATED and name not in services
    ]


def _raised(root: Path, reading: Callable[[], object]) -> list[Finding]:
    try:
        reading()
    except FindingsError as error:
        return [replace(one, file=str(Path(one.file).relative_to(root))) for one in error.findings]
    return []
