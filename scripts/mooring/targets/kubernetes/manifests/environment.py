"""What an environment has once: accounts, the keeper, and the Service, which points to the live slot."""

from mooring.release.content import ReleaseContent
from mooring.rollout.state import Side
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests import pod
from mooring.targets.kubernetes.manifests.access import accounts, policies, role
from mooring.targets.kubernetes.manifests.objects import Object, head, keeper_selector, labels, selector, target_of
from mooring.targets.kubernetes.manifests.variables import of_keeper

PROGRAM = "mooring.targets.kubernetes.keeper"
NOBODY = "none"
"""The slot that an environment's Service names before the first release is live: no pod has it."""

GRACE = 30
"""Seconds that a keeper has to end."""


def shared(content: ReleaseContent) -> list[Object]:
    """Everything of an environment but the pointer and the slots."""
    return [*accounts(content), *role(content), *policies(content), keeper(content), keeper_service(content)]


def service(content: ReleaseContent, live: Side | None, token: int) -> Object:
    """The pointer: callers reach the pods of the `live` slot. `token` is the fencing token of who says so."""
    environment = content.environment.name
    annotations = {names.TOKEN: str(token)} | ({names.DIGEST: live.digest} if live else {})
    spec = {
        "type": "ClusterIP",
        "selector": selector(environment, live.slot if live else NOBODY),
        "ports": [{"name": "http", "port": target_of(content).port, "targetPort": "http", "protocol": "TCP"}],
    }
    return head(content, "Service", names.service(environment), labels(environment), annotations) | {"spec": spec}


def keeper(content: ReleaseContent) -> Object:
    """The Deployment of the keeper: one pod, the old one gone before the new one starts."""
    environment = content.environment.name
    found = labels(environment, component="keeper")
    container = pod.container(
        content,
        "keeper",
        (PROGRAM,),
        variables=of_keeper(content),
        ports={"monitor": names.MONITOR, "chat": names.CHAT},
        resources={"requests": {"cpu": "100m", "memory": "384Mi"}, "limits": {"memory": "384Mi"}},
        startupProbe=pod.probe("/livez", "monitor", period=2, failures=60),
        livenessProbe=pod.probe("/livez", "monitor", period=10, failures=6, timeout=5),
    )
    spec = {
        "replicas": 1,
        "revisionHistoryLimit": 2,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": keeper_selector(environment)},
        "template": pod.template(
            content,
            labels=found,
            annotations=None,
            container=container,
            account=names.keeper(environment),
            token=True,
            grace=GRACE,
        ),
    }
    return head(content, "Deployment", names.keeper(environment), found) | {"spec": spec}


def keeper_service(content: ReleaseContent) -> Object:
    """Where Prometheus and an ingress for platforms of chat find the keeper."""
    environment = content.environment.name
    ports = [
        {"name": name, "port": number, "targetPort": name, "protocol": "TCP"}
        for name, number in (("monitor", names.MONITOR), ("chat", names.CHAT))
    ]
    spec = {"type": "ClusterIP", "selector": keeper_selector(environment), "ports": ports}
    found = labels(environment, component="keeper")
    return head(content, "Service", names.keeper(environment), found) | {"spec": spec}
