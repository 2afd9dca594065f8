"""Who may do what: service accounts, what the keeper may do in the namespace, and who reaches which port."""

from typing import NamedTuple

from mooring.release.content import ReleaseContent
from mooring.rollout.state import SLOTS
from mooring.spec.target import RELAYS, KubernetesTarget
from mooring.targets.kubernetes import names
from mooring.targets.kubernetes.manifests.objects import Object, head, keeper_selector, labels, target_of


class Grant(NamedTuple):
    """A rule of the keeper's Role. `named` limits it to objects of the environment, where Kubernetes can do that."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    named: str | None
    reason: str


GRANTS = (
    Grant("apps", "deployments", ("get", "patch"), "slots", "scales down a standby whose time is over; restarts"),
    Grant("apps", "deployments", ("delete",), "slots", "undoes a rollout that was left before its switch"),
    Grant("apps", "deployments", ("list",), None, "sees what is staged"),
    Grant("apps", "replicasets", ("list",), None, "says why a Deployment makes no pods"),
    Grant("autoscaling", "horizontalpodautoscalers", ("get", "patch", "delete"), "slots", "says how few pods may be"),
    Grant("autoscaling", "horizontalpodautoscalers", ("create",), None, "a rollback to a slot without pods"),
    Grant("policy", "poddisruptionbudgets", ("patch",), "slots", "goes with its slot"),
    Grant("", "services", ("get", "patch"), "service", "moves the traffic when somebody rolls back by chat"),
    Grant("discovery.k8s.io", "endpointslices", ("list",), None, "sees whether a pod still gets requests"),
    Grant("", "pods", ("list",), None, "sees whether pods are ready, and why not"),
    Grant("", "pods/log", ("get",), None, "shows what a pod said last"),
    Grant("", "pods/proxy", ("get", "create"), None, "counts requests and asks pods at their admin door"),
)
"""What the keeper may do, all in its own namespace, and why. It reads no Secret, and creates no pod by itself.

Whoever deploys makes this Role, and Kubernetes lets nobody grant what they may not do themselves: each verb here is one
of `requirements.NEEDS` too.
Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
"""


def accounts(content: ReleaseContent) -> list[Object]:
    """Of pods, which never speak to the API server, and of the keeper, which does."""
    environment = content.environment.name
    return [
        head(content, "ServiceAccount", name, labels(environment, component=component))
        | {"automountServiceAccountToken": token}
        for name, component, token in (
            (names.service(environment), "slot", False),
            (names.keeper(environment), "keeper", True),
        )
    ]


def role(content: ReleaseContent) -> list[Object]:
    """What the keeper may do, and that it may."""
    environment = content.environment.name
    name, found = names.keeper(environment), labels(environment, component="keeper")
    account = {"kind": "ServiceAccount", "name": name, "namespace": target_of(content).namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    return [
        head(content, "Role", name, found) | {"rules": [_rule(environment, grant) for grant in GRANTS]},
        head(content, "RoleBinding", name, found) | {"roleRef": reference, "subjects": [account]},
    ]


def _rule(environment: str, grant: Grant) -> Object:
    rule: Object = {"apiGroups": [grant.group], "resources": [grant.resource], "verbs": list(grant.verbs)}
    if grant.named:
        slots = [names.deployment(environment, slot) for slot in SLOTS]
        rule["resourceNames"] = slots if grant.named == "slots" else [names.service(environment)]
    return rule


def policies(content: ReleaseContent) -> list[Object]:
    """Who reaches slots, and who the keeper. What they reach is open: models and tools are anywhere."""
    environment = content.environment.name
    of_slots = {
        "matchLabels": {names.ENVIRONMENT: environment},
        "matchExpressions": [{"key": names.SLOT, "operator": "In", "values": list(SLOTS)}],
    }
    of_keeper = {"podSelector": {"matchLabels": keeper_selector(environment)}}
    peers = [of_keeper, *_api_server(target_of(content))]
    ingress = [{"ports": [_port("http")]}, {"from": peers, "ports": [_port("admin")]}]
    keeper_ingress = [{"ports": [_port("monitor"), _port("chat")]}]
    return [
        head(content, "NetworkPolicy", names.service(environment), labels(environment, component="slot"))
        | {"spec": {"podSelector": of_slots, "policyTypes": ["Ingress"], "ingress": ingress}},
        head(content, "NetworkPolicy", names.keeper(environment), labels(environment, component="keeper"))
        | {
            "spec": {
                "podSelector": {"matchLabels": keeper_selector(environment)},
                "policyTypes": ["Ingress"],
                "ingress": keeper_ingress,
            }
        },
    ]


EVERYWHERE = (RELAYS, "0.0.0.0/0", "::/0")
"""From where an API server may reach pods. Which addresses it has, only the cluster's owner knows; unless the document
says them, the token of the admin door alone keeps others out.
"""


def _api_server(target: KubernetesTarget) -> list[Object]:
    """Whoever commands come from: they reach pods by the API server's proxy, never directly."""
    return [_peer(one) for one in target.admin_source_ranges or EVERYWHERE]


def _peer(source: str) -> Object:
    if source == RELAYS:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": source}}}
    return {"ipBlock": {"cidr": source}}


def _port(name: str) -> Object:
    return {"protocol": "TCP", "port": name}
