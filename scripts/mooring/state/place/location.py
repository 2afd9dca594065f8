"""Where the database of an environment is: in its state folder, or in the PostgreSQL that its document names.

The folder's `database.json` says where it was found first, so that a changed or broken document cannot lead anybody to
another, empty one. It holds the reference, never the URL.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring import private
from mooring.errors import Failed, Refused, UsageError
from mooring.outcome import Reason
from mooring.state.place.address import FILE, Address, url_of
from mooring.state.unavailable import Unfit

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

RECORD = "database.json"
OLD_LEDGER = "ledger.db"
"""Where earlier versions kept the ledger."""


@dataclass(frozen=True, slots=True)
class Location:
    """`reference` is `env:NAME` of the PostgreSQL URL; None for the file in the `state` folder of the environment."""

    state: Path
    environment: str
    reference: str | None = None

    @property
    def variable(self) -> str | None:
        """The environment variable with the URL."""
        return self.reference.removeprefix("env:") if self.reference else None

    def address(self, environ: Mapping[str, str]) -> Address:
        """Raises LookupError, which names the variable, when that is not set, and Unfit when it holds no address."""
        if self.variable and not environ.get(self.variable):
            raise LookupError(f"environment variable {self.variable} is not set")
        secret = environ[self.variable] if self.variable else None
        return url_of(self.state, secret, self.environment, environ)

    def found(self, environ: Mapping[str, str]) -> Address:
        """The address. Raises Failed(STORAGE) when the variable is not set, or holds none."""
        try:
            return self.address(environ)
        except LookupError as error:
            what = f"the state is in PostgreSQL, and {error.args[0]}"
            raise Failed(Reason.STORAGE, what, f"export {self.variable}=postgresql://…") from None
        except Unfit as error:
            raise Failed(Reason.STORAGE, str(error), error.fix) from None

    def remember(self) -> None:
        """Writes it into the folder unless that says something already. Raises OSError."""
        if recorded(self.state, self.environment) is None:
            self.record()

    def record(self) -> None:
        """Writes it into the folder, whatever that says. Raises OSError."""
        path = private.folder(self.state) / RECORD
        temporary = private.file(path.with_suffix(f".{os.getpid()}"))
        with temporary.open("w") as file:
            file.write(json.dumps({"secretRef": self.reference}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def __str__(self) -> str:
        return f"PostgreSQL (${self.variable})" if self.variable else str(self.state / FILE)


def deployed(state: Path, environment: "Environment") -> Location:
    """Where a release's environment has its database: as the folder says, or else as the release does."""
    return recorded(state, environment.name) or _declared(state, environment)


def locate(root: Path, environment: "Environment | str", state: Path) -> Location:
    """Where the database of an environment is. A name is enough where the folder says it, or the document can be read.

    Refused(STALE) when the folder and the `environment` to be deployed differ; UsageError when nothing says it.
    """
    known = recorded(state, environment if isinstance(environment, str) else environment.name)
    if isinstance(environment, str):
        return known or _written(root, environment, state)
    wanted = _declared(state, environment)
    if known and known != wanted:
        raise Refused(
            Reason.STALE,
            f"{environment.name} keeps its state in {known}, its document says {wanted}",
            f"let the document say the same; if the state is there already, delete {state / RECORD}",
        )
    return wanted


def recorded(state: Path, environment: str) -> Location | None:
    """What the folder says; None when it says nothing. Failed(STORAGE) when that cannot be read."""
    path = state / RECORD
    try:
        return Location(state, environment, _reference(json.loads(path.read_bytes())))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failed(
            Reason.STORAGE, f"{path} does not say where the state is: {error}", "restore it, or delete it"
        ) from None


def kept(state: Path) -> bool:
    """Whether a folder has, or names, a ledger."""
    return any((state / name).exists() for name in (RECORD, FILE, OLD_LEDGER))


def known(states: Path) -> Iterator[str]:
    """Names of the environments below a folder that have a ledger."""
    found = {path.parent for name in (RECORD, FILE, OLD_LEDGER) for path in states.rglob(name)}
    return (str(path.relative_to(states)) for path in sorted(found))


def _declared(state: Path, environment: "Environment") -> Location:
    return Location(state, environment.name, environment.database.secret_ref if environment.database else None)


def _written(root: Path, name: str, state: Path) -> Location:
    import yaml

    path = root / "configs" / "environments" / f"{name}.yaml"
    try:
        database = yaml.load(path.read_bytes(), yaml.CSafeLoader).get("database")
        return Location(state, name, None if database is None else _reference(database))
    except FileNotFoundError:
        return Location(state, name)
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        raise UsageError(f"{path} cannot be read, and says where the state of {name} is", "moor validate") from None


def _reference(said: Mapping[str, Any]) -> str | None:
    """What is said as `secretRef`. Raises KeyError, AttributeError or TypeError when that is no reference."""
    reference = said["secretRef"]
    if reference is not None and (not reference.startswith("env:") or reference == "env:"):
        raise KeyError("secretRef")
    return None if reference is None else str(reference)
