"""The releases of an environment: in its database, and as files that processes of one machine start from."""

import time
from collections.abc import Callable

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.release.store import Store, whole
from mooring.state.records import releases
from mooring.state.transactions import T, Transactions, Work
from mooring.state.unavailable import Unavailable


class Releases:
    """Releases are in the database; `files` has copies of those that processes of this machine start from.

    A copy is made when it is missing and verified when it is read; deleting all of them loses nothing. Every method
    raises Failed(STORAGE) when the disk or the database does not answer, and Refused(TAMPERED) for content that is not
    what its name says.
    """

    def __init__(self, database: Transactions, files: Store) -> None:
        self._database, self.files = database, files

    def put(self, release: Release) -> None:
        """Keeps a release, in the database first."""
        self._do(self._database.write, lambda c: releases.put(c, release.digest, release.to_bytes(), time.time()))
        self.files.put(release)

    def get(self, digest: str) -> Release:
        """The release with this digest or unique prefix of one. UsageError when none or several match.

        A copy that is here serves also while the database does not answer: both are what the digest says.
        """
        found = digest if digest in self.files else self.find(digest)
        self.fetch(found)
        return self.files.get(found)

    def fetch(self, digest: str) -> None:
        """Makes the file of a release when it is missing. UsageError when nobody stored that release."""
        if digest not in self.files:
            self.files.put(self.verified(digest))

    def verified(self, digest: str) -> Release:
        """A release as the database has it, whatever is in the files. UsageError when it is not there."""
        content = self._do(self._database.read, lambda c: releases.get(c, digest))
        if content is None:
            raise UsageError(f"no release {digest} in the database")
        return Release.from_bytes(content)

    def find(self, digest: str) -> str:
        """The whole digest that `digest` is, or begins. UsageError when none or several match."""
        return whole(digest, self.digests(), "in the database")

    def digests(self) -> list[str]:
        """Every digest, sorted."""
        return self._do(self._database.read, releases.digests) if self._database.begun else []

    def _do(self, how: Callable[[Work[T]], T], work: Work[T]) -> T:
        try:
            return how(work)
        except Unavailable as error:
            raise Failed(Reason.STORAGE, f"releases cannot be read or written: {error}") from None
