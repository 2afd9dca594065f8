"""The two ways to have objects in a cluster: to ask its API server, or to commit them for Argo CD or Flux."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from mooring.targets.kubernetes.manifests.objects import Object


class Ref(NamedTuple):
    """An object of the environment's namespace."""

    kind: str
    name: str


class Applier(Protocol):
    """How a target changes its cluster. `why` is a line for whoever reads the history.

    Both return when the cluster has what was asked for, though not before its pods do: a Deployment is there, its
    rollout may be under way. Either may be called again with the same objects, and then changes nothing.
    """

    def apply(self, objects: Sequence[Object], why: str) -> None:
        """Makes objects so, all of them or none.

        A Service carries the fencing token of who applies it; Refused(STALE) when it has been shown a newer one.
        """

    def delete(self, refs: Sequence[Ref], why: str) -> None:
        """Takes objects away, with what belongs to them; those that are not there are no error."""
