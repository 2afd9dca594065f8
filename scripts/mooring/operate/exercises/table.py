"""The live drills by name, the only list of them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mooring.operate.exercises.outcome import Exercised
    from mooring.operate.exercises.scratch import Scratch
    from mooring.operate.exercises.target import MakeTarget
    from mooring.spec.environment import Environment, Exercise


@dataclass(frozen=True, slots=True)
class Entry:
    """A drill: what it does in a few words, and what its copy needs. `prepare` is a function of its module."""

    says: str
    needs: Mapping[str, Any] = field(default_factory=dict)
    prepare: str = ""


EXERCISES: "Mapping[Exercise, Entry]" = {
    "crash": Entry("kill -9 at every step of a durable run", {"relay": True}),
    "rollback": Entry("a release that goes bad after its switch, under load", {"relay": True}),
    "slots": Entry("killed and stopped processes, a full disk, a locked database", {}, "small_disk"),
    "restore": Entry("the machine is lost with all its files", {"standby": False}, "exported"),
    "dependency": Entry("each vendor and each service fails in turn", {"standby": False}),
}
"""In the order in which they run."""

IN_CLUSTER: "Mapping[Exercise, str]" = {"crash": "pods"}
"""The modules of drills that an environment in a cluster has there, with its own pods, beside what serves."""


def beside(name: "Exercise", environment: "Environment") -> bool:
    """Whether a drill of this environment runs in its cluster; otherwise it is on this machine, with its documents.

    What is applied by commits has no place for a copy, so that is drilled on this machine too.
    """
    return environment.target.type == "kubernetes" and environment.target.apply == "direct" and name in IN_CLUSTER


def opened(
    name: "Exercise",
    root: Path,
    environment: "Environment",
    make: "MakeTarget",
    notify: Callable[[str], None],
    actor: str = "drill",
) -> "AbstractContextManager[Scratch]":
    """The copy that a drill needs, as `scratch` or `cluster` makes it. `actor` is who drills."""
    if beside(name, environment):
        from mooring.operate.exercises import cluster

        return cluster.beside(root, environment, make, notify, actor)
    from mooring.operate.exercises.scratch import scratch

    entry = EXERCISES[name]
    prepare = {"prepare": getattr(_module(name), entry.prepare)} if entry.prepare else {}
    return scratch(root, environment.name, make, notify, **entry.needs, **prepare)


def exercise(name: "Exercise", environment: "Environment", **options: Any) -> "Callable[[Scratch], Exercised]":
    """The drill itself; `options` are its own, such as `kills` of `crash`."""
    return partial(_module(IN_CLUSTER[name] if beside(name, environment) else name).exercise, **options)


def _module(name: str) -> Any:
    return import_module(f"mooring.operate.exercises.{name}")
