"""The Kubernetes target as the keeper has it: with the rights of its own Role, which are less than a deployment's."""

from typing import TYPE_CHECKING

from mooring.targets.kubernetes.target import Kubernetes
from mooring.targets.stored import Stored

if TYPE_CHECKING:
    from mooring.release.release import Release


class Kept(Kubernetes):
    """Changes slots, traffic and the number of pods, and nothing that an environment has once: no Role, no account."""

    def put(self, release: "Release") -> None:
        """Keeps a release in the database alone.

        What the keeper makes is a release that is live without one of its hotfixes: what an environment has once, and
        the keys of its Secret, are there already.
        """
        Stored.put(self, release)
