"""What is stored of an environment whatever it runs on: its database, releases and keys."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.rollout.target import Terms
from mooring.state.place.location import locate

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.release.store import Store
    from mooring.runtime.core.keys import Keys
    from mooring.spec.environment import Environment
    from mooring.state.stored_releases import Releases
    from mooring.state.transactions import Transactions


class Stored:
    """The stored part of a target. `state` is the environment's folder on this machine."""

    def __init__(self, root: Path, environment: "Environment | str", state: Path) -> None:
        self.root, self.state = root.absolute(), state.absolute()
        self._environment = environment
        self._verified: dict[str, Release] = {}

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self._environment if isinstance(self._environment, str) else self._environment.name

    @cached_property
    def database(self) -> "Transactions":
        """The environment's database, opened at the first use."""
        from mooring.state.transactions import Transactions

        return Transactions(locate(self.root, self._environment, self.state).found(os.environ), self.state)

    @cached_property
    def releases(self) -> "Releases":
        """The stored releases, with the files that processes of this machine start from."""
        from mooring.state.stored_releases import Releases

        return Releases(self.database, self._files)

    @property
    def _files(self) -> "Store":
        from mooring.release.store import RELEASES, Store

        return Store(self.state / RELEASES)

    @property
    def keys(self) -> "Keys":
        """The keys of callers, which slots look at several times a second."""
        from mooring.runtime.core.keys import Keys

        return Keys(self.database, self.state)

    def find(self, digest: str) -> str:
        """The digest of the stored release that `digest` is, or begins. UsageError unless exactly one matches."""
        return self.releases.find(digest)

    def release(self, digest: str) -> "Release":
        """A stored release, verified once."""
        if digest not in self._verified:
            # The copy first: reading the database would take a rollback longer than all the rest.
            here = self._files if digest in self._files else self.releases
            self._verified[digest] = here.get(digest)
        return self._verified[digest]

    def terms(self, digest: str) -> Terms:
        """Those of a stored release, verified."""
        return Terms.of(self.release(digest))

    def put(self, release: "Release") -> None:
        """Keeps a release in the database, and as a file here."""
        self.releases.put(release)
