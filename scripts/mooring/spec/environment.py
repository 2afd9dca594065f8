"""Environments: where a release runs, what differs there, and how it gets there."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from mooring.spec.access import Access
from mooring.spec.document import Document, FileRef, Name, Part, Seconds, SecretRef
from mooring.spec.endpoints import SIMULATED, Endpoints, any_real, any_simulated, endpoint_of
from mooring.spec.target import Target


class DocumentOverride(Part):
    """A document changed for this environment only: `set` maps dotted paths to values."""

    kind: Literal["Agent", "Model", "Resilience", "Tool"]
    name: Name
    set: dict[str, JsonValue] = Field(min_length=1)


class Probe(Part):
    """A question with a known answer, asked of a new slot before traffic reaches it."""

    agent: Name
    say: str = Field(min_length=1)
    expect: str = Field(min_length=1, description="A regular expression the answer must contain a match of.")


class Freeze(Part):
    """A time in which nothing but a rollback goes out."""

    reason: str
    start: datetime
    end: datetime


Exercise = Literal["crash", "rollback", "slots", "restore", "dependency"]
"""The live drills. Each leaves a receipt in the ledger of its environment."""


class Proof(Part):
    """How fresh a live drill must be when a release goes out: the last one held, so many days ago at most."""

    days: float = Field(gt=0, le=366, allow_inf_nan=False)


class Warm(Part):
    """How long the previous release stays warm in the other slot, ready for a flip."""

    hours: float = Field(default=72, gt=0)
    replicas: int | None = Field(
        default=None, ge=1, le=1000, description="Pods that it keeps in a cluster; absent: as many as before, at once."
    )


EvidenceClass = Literal["live", "recorded", "simulated"]
"""How answers were come by in an evaluation: by the models, by replaying what they once said, by the simulator."""


class Evidence(Part):
    """What must have been found about a release before it goes out. What is left out depends on the tier."""

    classes: tuple[EvidenceClass, ...] | None = Field(
        default=None,
        min_length=1,
        description="What is accepted; by default all, but not `simulated` where production calls real models.",
    )
    required: bool | None = Field(default=None, description="By default, everywhere but in development.")
    drills: bool = Field(default=False, description="A release goes out only once all drills have passed on it.")


PublicKey = Annotated[
    str,
    StringConstraints(
        pattern=r"^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) "
        r"[A-Za-z0-9+/]{40,}={0,2}$",
        max_length=1000,
    ),
]


class Signer(Part):
    """A key that may sign releases. Two that are valid at once are how one is replaced by another."""

    name: str = Field(pattern=r"^[A-Za-z0-9@][A-Za-z0-9@._/-]*$", max_length=80, description="Whose key it is.")
    key: PublicKey = Field(description="The public key, as in KEY.pub of `ssh-keygen -t ed25519`, without its comment.")
    valid_after: datetime | None = Field(default=None, description="No release is signed by it before.")
    valid_before: datetime | None = Field(default=None, description="It has expired from then on.")


class Rollout(Part):
    """How a release takes traffic. `deadline_seconds` covers everything up to the switch and always aborts."""

    deadline_seconds: Seconds = 60
    bake_seconds: float = Field(default=10, ge=0, description="How long the new slot is watched after the switch.")
    max_error_rate: float = Field(default=0.05, ge=0, le=1, description="Of requests while baking; more flips back.")
    drain_seconds: Seconds = Field(default=120, description="Cap on waiting for requests in flight in the old slot.")
    probes: tuple[Probe, ...] = Field(min_length=1)
    evidence: Evidence = Evidence()
    proofs: dict[Exercise, Proof] = Field(
        default_factory=dict,
        description="Live drills that must have held lately, such as `crash: {days: 7}`; `moor drill --live crash` "
        "runs one. A release that was live before goes out without.",
    )
    approvals: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many people beside the one who deploys must have approved the plan, by `/deploy approve`. "
        "A release that was live before goes out without.",
    )
    signatures: tuple[Signer, ...] = Field(
        default=(),
        max_length=20,
        description="A release goes out only as a bundle that one of these keys signed: `moor release export`, `sign`, "
        "and `moor deploy --bundle`. Of a release that is live, its own keys count. Absent: none is demanded.",
    )
    warm: Warm = Warm()
    freezes: tuple[Freeze, ...] = ()


class Database(Part):
    """Where runs, conversations, saved answers and spend are kept, when not in files beside the slots."""

    secret_ref: SecretRef = Field(description="The environment variable with the PostgreSQL URL.")


class Tls(Part):
    """Files of the machine that serves; they are read again when they change."""

    certificate: FileRef = Field(description="A PEM file with the certificate and its chain.")
    key: FileRef = Field(description="A PEM file with the private key, without a password.")


class Serving(Part):
    """How an environment is served, and how much a slot takes on at once.

    What is beyond is refused politely, with `too_many_requests`.
    """

    max_in_flight: int = Field(
        default=256,
        ge=1,
        le=10000,
        description="Requests being answered, streams included; and as many runs besides. In a cluster, by each pod.",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Processes of a slot, which accept from the one socket; the limits of a slot hold for all of "
        "them together. Default: as many as there are cores to use, four at most, and one in development.",
    )
    spare: bool | None = Field(
        default=None,
        description="One more process of the live release stands ready in case the first one dies, so that new "
        "requests are answered within a second, for as much memory again. Default: where a slot has one worker, "
        "and not in development.",
    )
    max_connections: int = Field(
        default=2048, ge=16, le=60000, description="Open connections; less where the limit on open files is lower."
    )
    origins: tuple[Annotated[str, StringConstraints(pattern=r"^https?://[^\s/*?#]+$")], ...] = Field(
        default=(), description="Web pages that may call from a browser (CORS): scheme, host and port."
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Reverse proxies whose X-Forwarded-For says who the client is, such as 10.0.0.0/8."
    )
    tls: Tls | None = Field(default=None, description="Absent: plain HTTP, as behind a proxy that speaks TLS.")
    mcp: bool = Field(
        default=False,
        description="Offers the agents as tools of a server of the Model Context Protocol too, at `/mcp`.",
    )


class Environment(Document):
    """An environment. One line, `endpoints: real`, turns from the simulator to the models' own endpoints."""

    kind: Literal["Environment"]
    tier: Literal["development", "staging", "production"]
    target: Target
    endpoints: Endpoints = Field(
        description="Who answers for models: `simulated` or `real` for all providers, or one of the two for each, such "
        "as `{openai: real, anthropic: simulated}`."
    )
    services: dict[str, str] = Field(
        default_factory=dict,
        description="Tool services by name: a base URL, or `simulated` for the demo service of the simulator.",
    )
    database: Database | None = Field(
        default=None, description="Absent: a SQLite file in the environment's state folder."
    )
    export: Name | None = Field(default=None, description="The Export document; absent: nothing is exported.")
    objectives: Name | None = Field(
        default=None, description="The Objectives document; absent: nothing is promised, and no alert is made of it."
    )
    patrol: Name | None = Field(default=None, description="The Patrol document; absent: nothing is patrolled.")
    chat: Name | None = Field(default=None, description="The Chat document; absent: nobody steers it by chat.")
    serving: Serving = Serving()
    access: Access | None = Field(default=None, description="Absent: everybody on this machine may call, nobody else.")
    agents: tuple[Name, ...] = Field(min_length=1)
    overrides: tuple[DocumentOverride, ...] = ()
    rollout: Rollout

    def simulates(self, provider: str) -> bool:
        """Whether the simulator answers for the models of a provider."""
        return endpoint_of(self.endpoints, provider) == SIMULATED

    @property
    def calls_simulator(self) -> bool:
        """Whether the simulator answers for the models of any provider."""
        return any_simulated(self.endpoints)

    @property
    def calls_providers(self) -> bool:
        """Whether any provider is asked itself."""
        return any_real(self.endpoints)

    @property
    def simulated_services(self) -> tuple[str, ...]:
        """The services of tools that the simulator plays, whether or not it plays the models."""
        return tuple(sorted(name for name, where in self.services.items() if where == SIMULATED))

    @property
    def exposed(self) -> bool:
        """Whether callers without a key could come from other machines, which is refused."""
        return self.access is None and not self.target.loopback

    @property
    def secrets(self) -> tuple[str, ...]:
        """Environment variables that hold the keys of callers."""
        return tuple(key.secret_ref.removeprefix("env:") for key in (self.access.keys if self.access else ()))

    @property
    def needs_evidence(self) -> bool:
        """Whether a release goes out only after it was evaluated."""
        required = self.rollout.evidence.required
        return self.tier != "development" if required is None else required

    @property
    def accepted_evidence(self) -> tuple[EvidenceClass, ...]:
        """The classes of evidence with which a release goes out, the best one first."""
        every: tuple[EvidenceClass, ...] = ("live", "recorded", "simulated")
        real = self.tier == "production" and self.calls_providers
        accepted = self.rollout.evidence.classes or (every[:2] if real else every)
        return tuple(one for one in every if one in accepted)
