"""What a process in a cluster is told by its variables: who it is, and where its database is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.state.place.location import Location
from mooring.targets.kubernetes import names


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`state` is a folder of this pod alone, `root` that of the repository in the image; `token` opens admin doors."""

    environment: str
    state: Path
    root: Path
    database: str
    pod: str = ""
    uid: str = ""
    ip: str = ""
    token: str = field(default="", repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], environment: str | None = None) -> Self:
        """Raises UsageError for a variable that is not set, and Failed(STORAGE) without the database's."""
        database = _given(environ, names.DATABASE)
        if not environ.get(database):
            fix = f"put the key {database} into the Secret that the environment's target.secret names"
            raise Failed(Reason.STORAGE, f"the variable {database} with the database's URL is not set", fix)
        return cls(
            environment or _given(environ, names.ENVIRONMENT_NAME),
            Path(_given(environ, names.STATE)),
            Path(environ.get(names.ROOT) or Path.cwd()),
            database,
            _given(environ, names.POD_NAME),
            _given(environ, names.POD_UID),
            _given(environ, names.POD_IP),
            _given(environ, names.ADMIN_TOKEN),
            environ,
        )

    @property
    def location(self) -> Location:
        """Where the database is."""
        return Location(self.state, self.environment, f"env:{self.database}")

    def settle(self) -> None:
        """Makes the state folder, which says from now on where the database is. Raises Failed(STORAGE)."""
        try:
            self.location.record()
        except OSError as error:
            fix = f"mount a writable volume, and set {names.STATE} to it"
            raise Failed(Reason.STORAGE, f"cannot write in {self.state}: {error.strerror}", fix) from None


def _given(environ: Mapping[str, str], name: str) -> str:
    if not (value := environ.get(name)):
        raise UsageError(f"the variable {name} is not set", "`moor render` writes manifests that set it")
    return value
