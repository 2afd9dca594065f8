"""Access to an environment: who may call its agents, and how much."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from mooring.spec.document import Name, Part, SecretRef

Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Agents = Annotated[tuple[Name, ...], Field(min_length=1)]
Role = Literal["caller", "approver", "operator"]
"""A caller calls agents; an approver also decides on what runs of its tenant wait for; an operator sees metrics and
health, and calls no agent."""


class Limits(Part):
    """How much may be asked; what is absent is not limited. A day ends at midnight UTC.

    In a cluster, each pod of the live slot takes an equal part of `requestsPerMinute` and `concurrent`, one at least,
    so that a client on a single connection is held to that part. Days' limits are counted over all pods.
    """

    requests_per_minute: int | None = Field(default=None, ge=1, description="A minute's requests may come at once.")
    concurrent: int | None = Field(
        default=None,
        ge=1,
        description="Requests and runs under way. By default, a tenant among others takes half of serving.maxInFlight.",
    )
    tokens_per_day: int | None = Field(default=None, ge=1, description="Input and output of models together.")
    usd_per_day: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Tenant(Part):
    """Who owns runs, conversations and spend. Its limits hold for all its keys together."""

    name: Label
    agents: Agents | None = Field(default=None, description="Those it may call; by default all of the environment.")
    limits: Limits = Limits()


class ApiKey(Part):
    """A key whose value is in an environment variable. Keys of `moor keys` are not in documents."""

    name: Label
    tenant: Label | None = Field(default=None, description="Whose key it is; an operator's has none.")
    role: Role = "caller"
    secret_ref: SecretRef
    agents: Agents | None = Field(default=None, description="Fewer agents than the tenant may call.")
    limits: Limits = Field(default=Limits(), description="Less than the tenant may ask.")
    ends: datetime | None = Field(default=None, description="When it stops working.")

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if (self.tenant is None) != (self.role == "operator"):
            raise ValueError("a key has a `tenant`, unless its role is operator")
        return self


class Issuer(Part):
    """Whose OIDC tokens are taken, for which audience, and whose calls they are."""

    issuer: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")]
    audience: str = Field(min_length=1)
    tenant_claim: str = Field(default="tenant", min_length=1, description="The claim that says whose token it is.")
    tenants: dict[str, Label] = Field(
        default_factory=dict, description="Tenants by the claim's value; by default the value is the tenant's name."
    )


class Access(Part):
    """Who may call. Without `access` an environment listens on loopback alone, and everybody there may call."""

    tenants: tuple[Tenant, ...] = Field(min_length=1)
    keys: tuple[ApiKey, ...] = ()
    issuers: tuple[Issuer, ...] = ()

    def tenant(self, name: str) -> Tenant | None:
        """The tenant of this name."""
        return next((tenant for tenant in self.tenants if tenant.name == name), None)
