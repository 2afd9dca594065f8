"""Environments in a cluster: what Kubernetes does there instead, and what pods cannot do without."""

from collections.abc import Iterator
from ipaddress import ip_network

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.spec import Environment
from mooring.spec.target import RELAYS, KubernetesTarget

LONGEST = 40
"""Letters of an environment's name: pods are called after it, with 23 more, and 63 are the most for a label.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""


def _in_clusters(catalog: Catalog) -> Iterator[tuple[Entry, Environment, KubernetesTarget]]:
    for name, environment in catalog.all(Environment).items():
        if isinstance(environment.target, KubernetesTarget):
            yield catalog.of(Environment)[name], environment, environment.target


def database(catalog: Catalog) -> Remarks:
    for entry, environment, _target in _in_clusters(catalog):
        if environment.database is None:
            yield Remark(entry, "target", "pods keep nothing, and have no file in common: there is no database")


def image(catalog: Catalog) -> Remarks:
    for entry, environment, target in _in_clusters(catalog):
        if environment.tier != "development" and "@sha256:" not in target.image:
            message = f"{target.image} may be another image tomorrow, or on the next node"
            yield Remark(entry, "target.image", message)


def serving(catalog: Catalog) -> Remarks:
    for entry, environment, _target in _in_clusters(catalog):
        told = environment.serving
        for key, given in (("workers", told.workers not in (None, 1)), ("spare", told.spare), ("tls", told.tls)):
            if given:
                yield Remark(entry, f"serving.{key}", f"`{key}` is of one machine; {INSTEAD[key]}")


def admin_source_ranges(catalog: Catalog) -> Remarks:
    for entry, _environment, target in _in_clusters(catalog):
        for index, one in enumerate(target.admin_source_ranges or ()):
            if one != RELAYS and ip_network(one).prefixlen == 0:
                yield Remark(
                    entry, f"target.adminSourceRanges.{index}", f"{one} is every address, and keeps nobody out"
                )


INSTEAD = {
    "workers": "a pod is one process, and target.replicas says how many there are",
    "spare": "pods stand in for each other, and a pod that ends is started again",
    "tls": "files of this machine are not in pods, and an ingress speaks TLS",
}


def replicas(catalog: Catalog) -> Remarks:
    for entry, environment, target in _in_clusters(catalog):
        warm, scaling = environment.rollout.warm.replicas, target.autoscaling
        if scaling is not None and scaling.most < target.replicas:
            message = f"at most {scaling.most} pods are fewer than the {target.replicas} that there always are"
            yield Remark(entry, "target.autoscaling.most", message)
        if warm is not None and warm > target.replicas:
            message = f"a standby of {warm} pods is more than the {target.replicas} that serve"
            yield Remark(entry, "rollout.warm.replicas", message)


def warm(catalog: Catalog) -> Remarks:
    for name, environment in catalog.all(Environment).items():
        if environment.rollout.warm.replicas is not None and not isinstance(environment.target, KubernetesTarget):
            message = "one machine has no pods: a standby there is the slot as it was"
            yield Remark(catalog.of(Environment)[name], "rollout.warm.replicas", message)


def name(catalog: Catalog) -> Remarks:
    for entry, environment, _target in _in_clusters(catalog):
        plain = environment.name.replace("-", "").isalnum() and environment.name.islower()
        if len(environment.name) > LONGEST or not plain or not environment.name[:1].isalpha():
            message = f"Services cannot be called {environment.name!r}: letters, digits and `-`, {LONGEST} at most"
            yield Remark(entry, "name", message)
