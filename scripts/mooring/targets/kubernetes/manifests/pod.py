"""What pods of slots and of the keeper have in common: who they run as, what they may write, what they get."""

from collections.abc import Mapping, Sequence
from typing import Any

from mooring.release.content import ReleaseContent
from mooring.targets.kubernetes.manifests.objects import Object, target_of
from mooring.targets.kubernetes.manifests.variables import STATE_FOLDER, rendered

USER = 10001
"""Of the image. No user of the node has this number."""

PYTHON = ("python", "-m")


def template(
    content: ReleaseContent,
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str] | None,
    container: Object,
    account: str,
    token: bool,
    grace: int,
) -> Object:
    """The pod of a Deployment. `token` mounts the service account's; `grace` is in seconds."""
    target = target_of(content)
    metadata: Object = {"labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    spec: Object = {
        "serviceAccountName": account,
        "automountServiceAccountToken": token,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if target.pull_secret:
        spec["imagePullSecrets"] = [{"name": target.pull_secret}]
    spec["containers"] = [container]
    spec["volumes"] = [
        {"name": "state", "emptyDir": {"sizeLimit": "2Gi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]
    return {"metadata": metadata, "spec": spec}


def container(
    content: ReleaseContent,
    name: str,
    program: Sequence[str],
    *,
    variables: list[str],
    ports: Mapping[str, int],
    resources: Object,
    **rest: Any,
) -> Object:
    """The one container of a pod: it may write to its state and to /tmp, and to nothing else."""
    return {
        "name": name,
        "image": target_of(content).image,
        "command": [*PYTHON, *program],
        "env": rendered(content, variables),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "ports": [{"name": port, "containerPort": number, "protocol": "TCP"} for port, number in ports.items()],
        "resources": resources,
        **rest,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "state", "mountPath": STATE_FOLDER}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - of the pod alone
    }


def probe(path: str, port: str, *, period: int, failures: int, timeout: int = 2, scheme: str = "HTTP") -> Object:
    """An HTTP probe; `period` and `timeout` in seconds."""
    return {
        "httpGet": {"path": path, "port": port, "scheme": scheme},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
