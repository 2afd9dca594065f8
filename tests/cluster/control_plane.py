"""A real Kubernetes control plane on loopback: etcd, API server, controllers and scheduler, without any node."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

import httpx2
import yaml
from lightkube import Client, KubeConfig
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ServiceAccount, ServiceAccountToken

from tests.cluster import audit, egress
from tests.cluster.account import CONTEXT
from tests.cluster.addresses import Addresses
from tests.cluster.background import Background
from tests.cluster.building import CONTROL
from tests.cluster.certificates import Authority
from tests.repository import until

HOST = "127.0.0.1"
AUDIT = "audit.log"
ADMIN = "system:masters"
"""The group that may do everything. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/"""


class ControlPlane:
    """Up while its context lasts, in a folder of its own; needs about 3 seconds and 600 MB.

    `client` may do everything, and `kubeconfig` is the file that says so. Nodes that say nothing for
    `node_grace_seconds` are not ready.
    """

    def __init__(self, node_grace_seconds: int = 8) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="moor-k8s-", dir="/tmp"))  # a socket's path is at most 107 bytes
        self.authority = Authority(self.folder)
        self.background = Background()
        self._grace = node_grace_seconds
        self._etcd, self._port = _free_port(), _free_port()
        self.url = f"https://{HOST}:{self._port}"
        self.addresses = Addresses(self._port)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        egress.write_configuration(self.folder / "egress.yaml", self.folder / "egress")
        audit.write_policy(self.folder / "audit.yaml")
        self.background.run(egress.serve(self.folder / "egress"))
        self._run("etcd", self._etcd_flags())
        self._run("apiserver", self._api_flags())
        self.await_ready()  # controllers wait ten seconds and end, which a loaded machine may take
        self._run("scheduler", {"kubeconfig": self.kubeconfig, "leader-elect": False, "secure-port": 0, **FAST})
        self._run("controllers", self._controller_flags())
        until(lambda: list(self.client.list(ServiceAccount, namespace="default")), 60)

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()  # all at once: an API server that outlives etcd would wait a minute for it
        for process in self._processes.values():
            process.wait()
        self.background.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_api(self) -> None:
        """Ends the API server as a crash would; everything else goes on."""
        self._processes["apiserver"].kill()
        self._processes["apiserver"].wait()

    def start_api(self) -> None:
        """Starts it again with what etcd has kept, and waits until it is ready."""
        self._run("apiserver", self._api_flags())
        self.await_ready()

    def restart_api(self) -> None:
        """Takes about two seconds, in which connections are refused."""
        self.stop_api()
        self.start_api()

    @cached_property
    def kubeconfig(self) -> Path:
        return self.user("admin", ADMIN)

    @cached_property
    def client(self) -> Client:
        return self.client_of(self.kubeconfig)

    def client_of(self, kubeconfig: Path) -> Client:
        return Client(KubeConfig.from_file(kubeconfig), trust_env=False, field_manager="tests")

    def user(self, name: str, *groups: str) -> Path:
        """The kubeconfig of a user, who may do what RBAC grants to that name or to those groups."""
        pair = self.authority.issue(name, groups)
        return self._configured(name, {"client-certificate": str(pair.certificate), "client-key": str(pair.key)})

    def service_account(self, namespace: str, name: str) -> Path:
        """The kubeconfig of a service account that there is, with a token of an hour."""
        request = ServiceAccountToken(metadata=ObjectMeta(), spec=TokenRequestSpec(audiences=[]))
        issued = self.client.create(request, name, namespace=namespace)
        return self._configured(f"{namespace}-{name}", {"token": str(issued.status and issued.status.token)})

    def asked(self, namespace: str, account: str) -> list[audit.Asked]:
        """What a service account has asked for so far."""
        return audit.asked(self.folder / AUDIT, namespace, account)

    def log(self, program: str) -> str:
        """What `etcd`, `apiserver`, `controllers` or `scheduler` has said."""
        return (self.folder / f"{program}.log").read_text(encoding="utf-8", errors="replace")

    def await_ready(self, seconds: float = 60) -> None:
        """Until the API server says so. Raises AssertionError with the last lines of a program that ended instead."""
        end = time.monotonic() + seconds
        while not self._is_ready():
            for name, process in self._processes.items():
                assert process.poll() is None, f"{name} ended:\n{self.log(name)[-2000:]}"
            assert time.monotonic() < end, f"the API server is not ready:\n{self.log('apiserver')[-2000:]}"
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return self._probe.get(f"{self.url}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    @cached_property
    def _probe(self) -> httpx2.Client:
        import ssl

        context = ssl.create_default_context(cafile=self.authority.own.certificate)
        return httpx2.Client(verify=context, trust_env=False, timeout=5)

    def _configured(self, name: str, credentials: Mapping[str, str]) -> Path:
        cluster = {"server": self.url, "certificate-authority": str(self.authority.own.certificate)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": name, "user": dict(credentials)}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": "tests", "user": name, "namespace": "default"}}],
            "current-context": CONTEXT,
        }
        file = self.folder / f"{name.replace(':', '-')}.kubeconfig"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        return file

    def _run(self, program: str, flags: Mapping[str, object]) -> None:
        words = [
            f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in flags.items()
        ]
        with (self.folder / f"{program}.log").open("ab") as log:
            self._processes[program] = subprocess.Popen(
                [CONTROL.find("control"), program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip

    def _etcd_flags(self) -> dict[str, object]:
        url = f"http://{HOST}:{self._etcd}"
        peers = f"http://{HOST}:{_free_port()}"
        return {
            "data-dir": self.folder / "etcd", "unsafe-no-fsync": True, "log-level": "warn",
            "listen-client-urls": url, "advertise-client-urls": url, "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers, "initial-cluster": f"default={peers}",
        }  # fmt: skip

    def _api_flags(self) -> dict[str, object]:
        server = self.authority.issue("apiserver", addresses=[HOST, "10.96.0.1"])
        caller = self.authority.issue("kubelet-caller", [ADMIN])
        authority, own = self.authority.own.certificate, self.authority.own.key
        return {
            "etcd-servers": f"http://{HOST}:{self._etcd}", "secure-port": self._port, "bind-address": HOST,
            "advertise-address": HOST, "tls-cert-file": server.certificate, "tls-private-key-file": server.key,
            "client-ca-file": authority, "authorization-mode": "RBAC",
            "service-account-key-file": own, "service-account-signing-key-file": own,
            "service-account-issuer": "https://kubernetes.default.svc", "service-cluster-ip-range": "10.96.0.0/24",
            "kubelet-certificate-authority": authority, "kubelet-client-certificate": caller.certificate,
            "kubelet-client-key": caller.key, "egress-selector-config-file": self.folder / "egress.yaml",
            "endpoint-reconciler-type": "none", "enable-priority-and-fairness": False,
            "audit-policy-file": self.folder / "audit.yaml", "audit-log-path": self.folder / AUDIT,
        }  # fmt: skip

    def _controller_flags(self) -> dict[str, object]:
        return {
            "kubeconfig": self.kubeconfig, "service-account-private-key-file": self.authority.own.key,
            "root-ca-file": self.authority.own.certificate, "use-service-account-credentials": False,
            "leader-elect": False, "secure-port": 0, "node-monitor-period": "500ms",
            "node-monitor-grace-period": f"{self._grace}s", **SCALING, **FAST,
        }  # fmt: skip


FAST: Mapping[str, object] = {"kube-api-qps": 500, "kube-api-burst": 1000}
"""By default, controllers hold back after some thirty requests, as they should where others need the API server."""


SCALING: Mapping[str, object] = {
    "horizontal-pod-autoscaler-sync-period": "1s", "horizontal-pod-autoscaler-downscale-stabilization": "15s",
    "horizontal-pod-autoscaler-initial-readiness-delay": "1s",
    "horizontal-pod-autoscaler-cpu-initialization-period": "2s",
}  # fmt: skip
"""By default an autoscaler looks every 15 seconds, and takes pods away when they were not needed for 5 minutes.

Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port: int = free.getsockname()[1]
        return port
