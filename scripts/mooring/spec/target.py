"""Where an environment runs: one machine, or a Kubernetes cluster."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from mooring.network import is_loopback
from mooring.spec.document import Part, Seconds

Socket = Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z.:\[\]-]+:\d{1,5}$")]

Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""A name of Kubernetes. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (RFC 1123)."""

Quantity = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", max_length=20)]
"""Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""

Image = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9][A-Za-z0-9._-]*(:\d{1,5})?(/[a-z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?"
        r"(@sha256:[0-9a-f]{64})?$",
        max_length=400,
    ),
]


RELAYS = "kube-system"
"""The namespace in which relays of an API server run that is in another network than pods, such as Konnectivity.

Source: https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/
"""

_BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"


def _network(value: str) -> str:
    """Raises ValueError for what is no range, such as one whose address has bits beyond the prefix."""
    if value == RELAYS:
        return value
    try:
        if "/" not in value:
            raise ValueError(f"{value[:60]!r} is no range")
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"{error}; a range is like 10.0.0.0/28, one address 10.0.0.4/32, relays {RELAYS}") from None


Source = Annotated[
    str,
    AfterValidator(_network),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^(({_BYTE}\.){{3}}{_BYTE}/(3[0-2]|[12]?\d)|[0-9a-fA-F:]*:[0-9a-fA-F:]*/\d{{1,3}}|{RELAYS})$",
        }
    ),
]
"""A range of addresses in CIDR notation, or the pods of the namespace with relays."""


class LocalTarget(Part):
    """One machine: a supervisor, one listening socket, two slots."""

    type: Literal["local"]
    listen: Socket = Field(description="host:port of the public socket; port 0 takes a free one.")
    monitor: Socket | None = Field(
        default=None,
        description="host:port of this machine where /metrics, /status.json and the status page are, for whoever is on "
        "it; absent: on 127.0.0.1, at a free port that stays the same, as `moor status` says.",
    )

    chat: Socket | None = Field(
        default=None,
        description="host:port where chat platforms reach this machine, usually through a proxy that speaks TLS; "
        "absent: on 127.0.0.1, at a free port that stays the same.",
    )

    @property
    def place(self) -> str:
        """What tells targets apart: all releases of one place share its slots."""
        return "one machine"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the socket."""
        return is_loopback(self.listen.rpartition(":")[0])

    @property
    def address(self) -> str:
        """Where callers reach it."""
        return self.listen

    @property
    def sockets(self) -> dict[str, Socket | None]:
        """What is bound on the machine, by key; None for a free port of 127.0.0.1."""
        return {"listen": self.listen, "monitor": self.monitor, "chat": self.chat}


class Resources(Part):
    """What a pod asks for. Memory is its limit too, since a pod that has more is ended."""

    cpu: Quantity = Field(default="500m", description="Cores that are kept for a pod; it may use more.")
    memory: Quantity = Field(default="768Mi", description="Memory that is kept for a pod, and the most it may use.")


class Autoscaling(Part):
    """More pods when there is more to do; `replicas` of the target are the fewest."""

    most: int = Field(ge=1, le=1000, description="The most pods of the live slot.")
    cpu: float = Field(default=0.7, gt=0, le=1, description="The share of its cores that a pod uses on average.")
    in_flight: int | None = Field(
        default=None,
        ge=1,
        description="Requests that a pod answers at once on average, where an adapter offers the metric "
        "`mooring_requests_in_flight` of pods; absent: processor time alone counts.",
    )


class Synced(Part):
    """Manifests are committed, and Argo CD or Flux carries them out."""

    branch: str = Field(
        default="deploy", pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", description="The branch that is synced."
    )
    folder: str = Field(
        default="clusters", pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", description="The folder in it, which is ours."
    )
    remote: str = Field(default="origin", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Where it is pushed.")
    wait_seconds: Seconds = Field(default=300, description="How long the cluster has to carry out a commit.")


class Git(Part):
    """The other way than `direct`."""

    git: Synced = Synced()


class KubernetesTarget(Part):
    """A namespace of a cluster: a Deployment for each slot, a Service whose selector names the live one."""

    type: Literal["kubernetes"]
    cluster: str = Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="The UID of the cluster's namespace `kube-system`, so that no other cluster is changed by mistake: "
        "kubectl get namespace kube-system -o jsonpath={.metadata.uid}",
    )
    context: str | None = Field(
        default=None, description="Of the kubeconfig; absent: the current one, or inside a pod its service account."
    )
    namespace: Label
    image: Image = Field(description="What pods run: the image of this repository's code, by its digest.")
    replicas: int = Field(default=2, ge=1, le=1000, description="Pods of the live slot.")
    resources: Resources = Resources()
    autoscaling: Autoscaling | None = None
    port: int = Field(default=80, ge=1, le=65535, description="Of the Service.")
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#]+$",
        description="Where callers reach the Service, such as through an ingress; absent: its name in the cluster.",
    )
    secret: Label = Field(
        default="mooring", description="The Secret whose keys are the variables that secret references name."
    )
    pull_secret: Label | None = Field(default=None, description="The Secret to pull the image with.")
    admin_source_ranges: tuple[Source, ...] | None = Field(
        default=None,
        min_length=1,
        description="Who reaches the admin port of pods beside the keeper: the addresses from which the API server "
        "does, by which all commands come, such as 10.0.0.0/28; `kube-system` where a relay in that namespace does it "
        "(Konnectivity). Absent: every address does, and the token of the admin Secret alone guards it.",
    )
    apply: Literal["direct"] | Git = Field(
        default="direct", description="`direct`, or by commits that Argo CD or Flux carries out."
    )

    @property
    def place(self) -> str:
        """What tells targets apart: all releases of one place share its slots."""
        return f"namespace {self.namespace} of cluster {self.cluster}"

    @property
    def loopback(self) -> bool:
        """Whether only one machine can reach it."""
        return False

    @property
    def address(self) -> str:
        """Where callers reach it."""
        return self.url or f"the Service in namespace {self.namespace}"

    @property
    def sockets(self) -> dict[str, Socket | None]:
        """What is bound on the machine, by key: nothing."""
        return {}


Target = Annotated[LocalTarget | KubernetesTarget, Field(discriminator="type")]
